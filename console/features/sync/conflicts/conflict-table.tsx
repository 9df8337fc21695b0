import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Conflict } from '../../../api/sync-model.ts';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { PagesOf } from '../../../ui/pages-of.tsx';
import { StatusBadge } from '../../../ui/status-badge.tsx';
import { RelativeTime } from '../../../ui/time.tsx';
import { type ConflictStatus, conflictListQuery, PAGE_SIZE } from './conflict-queries.ts';

/** How a conflict stands, and once it is decided, how it was. */
export function ConflictBadge({ conflict: { status, resolution } }: { readonly conflict: Conflict }) {
  const { t } = useTranslation();
  return status === 'pending' ? (
    <StatusBadge tone="warn" label={t('sync.conflict.pending')} />
  ) : (
    <StatusBadge
      tone="good"
      label={resolution ? t(`sync.conflict.resolution.${resolution}`) : t('sync.conflict.resolved')}
    />
  );
}

function useColumns(withJob: boolean): Column<Conflict>[] {
  const { t } = useTranslation();
  const job: Column<Conflict> = {
    key: 'job',
    title: t('sync.conflict.job'),
    render: ({ job_id: jobId }) => (
      <Link to="/sync/jobs/$jobId" params={{ jobId }}>
        {jobId}
      </Link>
    ),
  };
  return [
    {
      key: 'record',
      title: t('sync.conflict.record'),
      wide: true,
      render: (conflict) => (
        <Link to="/sync/conflicts/$conflictId" params={{ conflictId: conflict.id }}>
          {conflict.record_id}
        </Link>
      ),
    },
    ...(withJob ? [job] : []),
    {
      key: 'type',
      title: t('schema.fields.type'),
      render: (conflict) => t(`sync.conflict.type.${conflict.conflict_type}`),
    },
    { key: 'status', title: t('sync.columns.status'), render: (conflict) => <ConflictBadge conflict={conflict} /> },
    { key: 'created', title: t('sync.conflict.found'), render: ({ created_at: at }) => <RelativeTime value={at} /> },
  ];
}

interface ConflictTableProps {
  /** Only of this job. */
  readonly jobId?: string;
  readonly status?: ConflictStatus | undefined;
  readonly page: number;
  readonly onPage: (page: number) => void;
}

/** Rows that both sides have changed, the newest first. */
export function ConflictTable({ jobId, status, page, onPage }: ConflictTableProps) {
  const { t } = useTranslation();
  const columns = useColumns(jobId === undefined);
  const { data, error, refetch } = useQuery(conflictListQuery({ jobId, status, page }));
  return (
    <>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('sync.conflict.title')}
          columns={columns}
          rows={data?.items}
          rowKey={(conflict) => conflict.id}
          empty={t('sync.conflict.empty')}
        />
      )}
      {data && <PagesOf page={page} size={PAGE_SIZE} total={data.total} onChange={onPage} />}
    </>
  );
}
