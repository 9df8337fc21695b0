import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../api/schema.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Section } from '../../ui/page.tsx';
import { PagesOf } from '../../ui/pages-of.tsx';
import { Duration, Elapsed, RelativeTime } from '../../ui/time.tsx';
import { hasEnded, RunStatusBadge } from '../runs/run-status-badge.tsx';
import { PAGE_SIZE, taskRunsQuery } from './task-queries.ts';

function RunDuration({ run }: { readonly run: Run }) {
  if (run.duration_seconds !== null) return <Duration seconds={run.duration_seconds} />;
  if (run.start_time && !hasEnded(run)) return <Elapsed since={run.start_time} />;
  return '–';
}

function useColumns(): Column<Run>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'id',
      title: t('runs.id'),
      render: (run) => (
        <Link to="/runs/$runId" params={{ runId: String(run.id) }}>
          #{run.id}
        </Link>
      ),
    },
    { key: 'status', title: t('runs.status'), render: (run) => <RunStatusBadge status={run.status} /> },
    {
      key: 'started',
      title: t('runs.started'),
      render: (run) => (run.start_time ? <RelativeTime value={run.start_time} /> : '–'),
    },
    { key: 'duration', title: t('runs.duration'), render: (run) => <RunDuration run={run} /> },
    { key: 'attempt', title: t('runs.attempt'), render: (run) => run.attempt },
    { key: 'worker', title: t('runs.worker'), render: (run) => run.worker_id ?? '–' },
    { key: 'result', title: t('runs.result'), render: (run) => run.error_message ?? run.exit_code ?? '–' },
  ];
}

interface TaskRunsProps {
  readonly taskId: number;
  readonly page: number;
  readonly onPage: (page: number) => void;
}

export function TaskRuns({ taskId, page, onPage }: TaskRunsProps) {
  const { t } = useTranslation();
  const columns = useColumns();
  const { data, error, refetch } = useQuery(taskRunsQuery(taskId, page));
  return (
    <Section title={t('task.runs')}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('task.runs')}
          columns={columns}
          rows={data?.items}
          rowKey={(run) => run.id}
          empty={t('task.noRuns')}
        />
      )}
      {data && <PagesOf page={page} size={PAGE_SIZE} total={data.total} onChange={onPage} />}
    </Section>
  );
}
