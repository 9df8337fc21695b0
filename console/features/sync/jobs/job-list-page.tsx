import { PlusOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Segmented, Select, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../../api/session.ts';
import type { ConnectorType, SyncJobItem, SyncStatus } from '../../../api/sync-model.ts';
import { type Column, DataTable } from '../../../ui/data-table.tsx';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import filterStyles from '../../../ui/filters.module.css';
import { LinkButton } from '../../../ui/link-button.tsx';
import { Page } from '../../../ui/page.tsx';
import { PagesOf } from '../../../ui/pages-of.tsx';
import { SearchField } from '../../../ui/search-field.tsx';
import { RelativeTime } from '../../../ui/time.tsx';
import { JobRowActions } from './job-actions.tsx';
import styles from './job-list-page.module.css';
import { CONNECTOR_TYPES, type JobListSearch, SYNC_STATUSES } from './job-list-search.ts';
import { JobProgress } from './job-progress.tsx';
import { jobListQuery, PAGE_SIZE } from './job-queries.ts';
import { SyncStatusBadge } from './job-words.tsx';

const route = getRouteApi('/signed-in/sync/jobs');

function useColumns(): Column<SyncJobItem>[] {
  const { t } = useTranslation();
  const mayChange = useMay('sync:write');
  const actions: Column<SyncJobItem> = {
    key: 'actions',
    title: t('sync.columns.actions'),
    render: (job) => <JobRowActions job={job} />,
  };
  return [
    {
      key: 'name',
      title: t('sync.columns.name'),
      wide: true,
      render: (job) => (
        <>
          <Link className={styles.name ?? ''} to="/sync/jobs/$jobId" params={{ jobId: job.id }}>
            {job.name}
          </Link>
          {job.status === 'failed' && job.error && <div className={styles.error}>{job.error}</div>}
        </>
      ),
    },
    {
      key: 'connector',
      title: t('sync.columns.source'),
      render: (job) => <Tag>{t(`schema.values.${job.connector_type}`)}</Tag>,
    },
    { key: 'status', title: t('sync.columns.status'), render: (job) => <SyncStatusBadge status={job.status} /> },
    {
      key: 'progress',
      title: t('sync.columns.progress'),
      render: (job) => (job.started_at === null ? '–' : <JobProgress of={job} />),
    },
    {
      key: 'last',
      title: t('sync.columns.lastRun'),
      render: (job) => (job.started_at ? <RelativeTime value={job.started_at} /> : t('common.never')),
    },
    {
      key: 'next',
      title: t('sync.columns.nextRun'),
      render: (job) =>
        !job.enabled ? t('sync.resting') : job.next_run_at ? <RelativeTime value={job.next_run_at} /> : '–',
    },
    ...(mayChange ? [actions] : []),
  ];
}

function CreateButton() {
  const { t } = useTranslation();
  if (!useMay('sync:write')) return null;
  return (
    <LinkButton color="primary" variant="solid" to="/sync/jobs/new" icon={<PlusOutlined aria-hidden />}>
      {t('sync.create')}
    </LinkButton>
  );
}

function Empty({ filtered }: { readonly filtered: boolean }) {
  const { t } = useTranslation();
  if (filtered) {
    return (
      <>
        {t('sync.emptyFiltered')} <Link to="/sync/jobs">{t('sync.clearFilter')}</Link>
      </>
    );
  }
  return (
    <>
      <strong>{t('sync.empty')}</strong>
      <p className={styles.hint}>{t('sync.emptyHint')}</p>
      <CreateButton />
    </>
  );
}

function Filters({
  filter,
  show,
}: {
  readonly filter: JobListSearch;
  show(next: JobListSearch, replace?: true): void;
}) {
  const { t } = useTranslation();
  const { page: _, status, connector, search, ...rest } = filter;
  const without = { ...rest, ...(status ? { status } : {}), ...(connector ? { connector } : {}) };
  const chosen = { ...without, ...(search ? { search } : {}) };
  const { status: _status, ...anyStatus } = chosen;
  const { connector: _connector, ...anyConnector } = chosen;
  return (
    <div className={filterStyles.filters}>
      <SearchField
        label={t('sync.search')}
        value={search ?? ''}
        onSearch={(text) => show({ ...without, ...(text ? { search: text } : {}) }, true)}
      />
      <Select<ConnectorType | 'all'>
        className={styles.connector ?? ''}
        aria-label={t('sync.filterSource')}
        value={connector ?? 'all'}
        options={[
          { value: 'all', label: t('sync.allSources') },
          ...CONNECTOR_TYPES.map((value) => ({ value, label: t(`schema.values.${value}`) })),
        ]}
        onChange={(value) => show(value === 'all' ? anyConnector : { ...chosen, connector: value })}
      />
      <div className={filterStyles.scroll}>
        <Segmented<SyncStatus | 'all'>
          aria-label={t('sync.filterStatus')}
          value={status ?? 'all'}
          options={[
            { value: 'all', label: t('sync.all') },
            ...SYNC_STATUSES.map((value) => ({ value, label: t(`sync.status.${value}`) })),
          ]}
          onChange={(value) => show(value === 'all' ? anyStatus : { ...chosen, status: value })}
        />
      </div>
    </div>
  );
}

export function JobListPage() {
  const { t } = useTranslation();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const columns = useColumns();
  const { data, error, refetch } = useQuery(jobListQuery(filter));
  const show = (search: JobListSearch, replace = false) => void navigate({ to: '/sync/jobs', search, replace });
  const filtered = Boolean(filter.status ?? filter.connector ?? filter.search);
  return (
    <Page title={t('sync.title')} actions={<CreateButton />}>
      <Filters filter={filter} show={show} />
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && (
        <DataTable
          label={t('sync.title')}
          columns={columns}
          rows={data?.items}
          rowKey={(job) => job.id}
          empty={<Empty filtered={filtered} />}
        />
      )}
      {data && (
        <PagesOf
          page={filter.page ?? 1}
          size={PAGE_SIZE}
          total={data.total}
          onChange={(page) => show({ ...filter, page })}
        />
      )}
    </Page>
  );
}
