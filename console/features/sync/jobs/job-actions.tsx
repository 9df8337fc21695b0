import { EditOutlined, MoreOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../../api/session.ts';
import type { SyncJobItem } from '../../../api/sync-model.ts';
import { LinkButton } from '../../../ui/link-button.tsx';
import styles from './job-list-page.module.css';
import { isBusy, jobRunsQuery } from './job-queries.ts';
import { useJobActions } from './use-job-actions.tsx';

/** All that can be done, as buttons. */
export function JobActions({ job }: { readonly job: SyncJobItem }) {
  const { t } = useTranslation();
  const waits = job.status === 'pending';
  const runs = useQuery({ ...jobRunsQuery(job.id, 1), enabled: waits });
  // A job that waits for its first start looks the same as one whose run waits for a worker.
  const hasRun = runs.data?.items.some((run) => run.trigger !== 'system' && isBusy(run)) ?? false;
  const actions = useJobActions(job).filter(({ word }) => word !== 'cancel' || !waits || hasRun);
  const mayChange = useMay('sync:write');
  return (
    <>
      {actions.map(({ word, label, icon, danger, busy, run }) => (
        <Button
          key={word}
          icon={icon}
          danger={danger}
          loading={busy}
          onClick={run}
          {...(word === 'start' || word === 'resume' ? { type: 'primary' as const } : {})}
        >
          {label}
        </Button>
      ))}
      {mayChange && (
        <LinkButton to="/sync/jobs/$jobId/edit" params={{ jobId: job.id }} icon={<EditOutlined aria-hidden />}>
          {t('sync.action.edit')}
        </LinkButton>
      )}
    </>
  );
}

/** The likeliest as a button, the others in a menu: for a line of a list. */
export function JobRowActions({ job }: { readonly job: SyncJobItem }) {
  const { t } = useTranslation();
  const [first, ...others] = useJobActions(job);
  if (!first) return null;
  return (
    <span className={styles.actions}>
      <Button
        size="small"
        icon={first.icon}
        loading={first.busy}
        aria-label={`${first.label}: ${job.name}`}
        title={first.label}
        onClick={first.run}
      />
      <Dropdown
        trigger={['click']}
        menu={{
          items: others.map(({ word, label, icon, danger }) => ({ key: word, label, icon, danger })),
          onClick: ({ key }) => others.find(({ word }) => word === key)?.run(),
        }}
      >
        <Button
          size="small"
          type="text"
          icon={<MoreOutlined aria-hidden />}
          aria-label={t('sync.moreFor', { name: job.name })}
        />
      </Dropdown>
    </span>
  );
}
