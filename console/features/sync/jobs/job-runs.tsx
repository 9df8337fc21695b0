import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { SyncRun } from '../../../api/sync-model.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { PagesOf } from '../../../ui/pages-of.tsx';
import { Duration, Elapsed, RelativeTime } from '../../../ui/time.tsx';
import { jobRunsQuery, PAGE_SIZE } from './job-queries.ts';
import { SyncStatusBadge } from './job-words.tsx';
import { resultOf, takenOverFrom } from './run-result.ts';

/** How long a run took, or has been going on. */
export function RunTime({ run: { started_at: start, finished_at: end } }: { readonly run: SyncRun }) {
  if (!start) return '–';
  if (!end) return <Elapsed since={start} />;
  return <Duration seconds={Math.max(0, (Date.parse(end) - Date.parse(start)) / 1000)} />;
}

/** Why a run was made; of those that the system has made, for what. */
function purposeOf({ trigger, kind, result }: SyncRun) {
  if (trigger !== 'system') return trigger === 'schedule' ? 'schedule' : 'manual';
  if (kind === 'file_load') return 'redrive';
  return resultOf({ result }) ? 'system' : 'preview';
}

function Numbers({ run }: { readonly run: SyncRun }) {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(useLanguage());
  const result = resultOf(run);
  if (purposeOf(run) === 'preview') return '–';
  if (!result) return t('sync.records', { count: run.records_processed, shown: number.format(run.records_processed) });
  const from = takenOverFrom(run);
  if (from) return t('sync.takenOver', { run: from });
  const { records_read: read = 0, records_written: written = 0, records_rejected: rejected = 0 } = result;
  const words = [
    t('sync.numbers.read', { shown: number.format(read) }),
    t('sync.numbers.written', { shown: number.format(written) }),
    ...(rejected > 0 ? [t('sync.numbers.rejected', { shown: number.format(rejected) })] : []),
  ];
  return words.join(' · ');
}

function useColumns(): Column<SyncRun>[] {
  const { t } = useTranslation();
  return [
    { key: 'id', title: t('runs.id'), render: (run) => run.id },
    { key: 'status', title: t('runs.status'), render: (run) => <SyncStatusBadge status={run.status} /> },
    { key: 'purpose', title: t('sync.columns.purpose'), render: (run) => t(`sync.purpose.${purposeOf(run)}`) },
    {
      key: 'started',
      title: t('runs.started'),
      render: (run) => (run.started_at ? <RelativeTime value={run.started_at} /> : '–'),
    },
    { key: 'duration', title: t('runs.duration'), render: (run) => <RunTime run={run} /> },
    { key: 'attempt', title: t('runs.attempt'), render: (run) => run.attempt },
    {
      key: 'result',
      title: t('runs.result'),
      wide: true,
      render: (run) => run.error ?? <Numbers run={run} />,
    },
  ];
}

interface JobRunsProps {
  readonly jobId: string;
  readonly page: number;
  readonly onPage: (page: number) => void;
}

/** The runs of a job, the newest first, previews and redrives among them. */
export function JobRuns({ jobId, page, onPage }: JobRunsProps) {
  const { t } = useTranslation();
  const columns = useColumns();
  const { data, error, refetch } = useQuery(jobRunsQuery(jobId, page));
  return (
    <>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('sync.tab.runs')}
          columns={columns}
          rows={data?.items}
          rowKey={(run) => run.id}
          empty={t('sync.noRuns')}
        />
      )}
      {data && <PagesOf page={page} size={PAGE_SIZE} total={data.total} onChange={onPage} />}
    </>
  );
}
