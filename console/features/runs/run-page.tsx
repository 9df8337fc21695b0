import { StopOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Alert, App, Button } from 'antd';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../api/model.ts';
import { useMay } from '../../api/session.ts';
import { useLanguage } from '../../i18n/i18n.ts';
import { Bar } from '../../ui/bar.tsx';
import { useErrorMessage } from '../../ui/error-message.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Facts } from '../../ui/facts.tsx';
import { PendingPage } from '../../ui/fallback-pages.tsx';
import pageStyles from '../../ui/page.module.css';
import { Page, Section } from '../../ui/page.tsx';
import { Moment } from '../../ui/time.tsx';
import { RunAttempts } from './run-attempts.tsx';
import { RunLog } from './run-log.tsx';
import styles from './run-page.module.css';
import { runQuery, useCancelRun } from './run-queries.ts';
import { hasEnded, RunStatusBadge } from './run-status-badge.tsx';
import { RunDuration, TaskOfRun } from './run-table.tsx';

const route = getRouteApi('/signed-in/runs/$runId');

function CancelButton({ run }: { readonly run: Run }) {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const showError = useErrorMessage();
  const cancel = useCancelRun();
  const mayCancel = useMay('scheduler_manage');
  if (!mayCancel) return null;
  const confirm = () =>
    void modal.confirm({
      title: t('run.cancelTitle'),
      content: t('run.cancelText'),
      okText: t('run.cancel'),
      okButtonProps: { danger: true },
      cancelText: t('run.cancelKeep'),
      onOk: () => cancel.mutateAsync(run.id).then(() => void message.info(t('run.cancelRequested')), showError),
    });
  return (
    <Button danger icon={<StopOutlined aria-hidden />} onClick={confirm}>
      {t('run.cancel')}
    </Button>
  );
}

function Progress({ percent }: { readonly percent: number }) {
  const number = new Intl.NumberFormat(useLanguage(), { style: 'percent', maximumFractionDigits: 1 });
  return (
    <span className={styles.progress}>
      <Bar value={percent} max={100} />
      {number.format(percent / 100)}
    </span>
  );
}

function RunFacts({ run }: { readonly run: Run }) {
  const { t } = useTranslation();
  return (
    <Facts
      facts={[
        {
          label: t('run.task'),
          value: <TaskOfRun run={run} />,
        },
        { label: t('runs.duration'), value: <RunDuration run={run} /> },
        { label: t('runs.attempt'), value: run.attempt },
        { label: t('runs.worker'), value: run.worker_id },
        { label: t('runs.exitCode'), value: run.exit_code },
        { label: t('run.scheduled'), value: run.scheduled_time && <Moment value={run.scheduled_time} /> },
        { label: t('run.started'), value: run.start_time && <Moment value={run.start_time} /> },
        { label: t('run.ended'), value: run.end_time && <Moment value={run.end_time} /> },
        {
          label: t('run.progress'),
          value: run.progress !== null && !hasEnded(run) && <Progress percent={run.progress} />,
          wide: true,
        },
      ]}
    />
  );
}

export function RunPage() {
  const { t } = useTranslation();
  const id = Number(route.useParams().runId);
  const queries = useQueryClient();
  const { data: run, error, refetch } = useQuery(runQuery(id));
  const onComplete = useCallback(() => void queries.invalidateQueries({ queryKey: ['runs', id] }), [queries, id]);
  if (!run) return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <PendingPage />;
  return (
    <Page
      title={t('run.title', { id: run.id })}
      extra={<RunStatusBadge status={run.status} />}
      actions={!hasEnded(run) && run.status !== 'cancelled' && <CancelButton run={run} />}
    >
      <div className={pageStyles.stack}>
        {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale />}
        {run.error_message && run.status !== 'running' && <Alert type="error" showIcon title={run.error_message} />}
        <RunFacts run={run} />
        <RunLog runId={id} onComplete={onComplete} />
      </div>
      {run.attempts.length > 1 && (
        <Section title={t('run.attempts')}>
          <RunAttempts attempts={run.attempts} />
        </Section>
      )}
    </Page>
  );
}
