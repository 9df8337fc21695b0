import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Tabs } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../../api/session.ts';
import type { SyncJob } from '../../../api/sync-model.ts';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { PendingPage } from '../../../ui/fallback-pages.tsx';
import { Page } from '../../../ui/page.tsx';
import { ConflictTable } from '../conflicts/conflict-table.tsx';
import { JobActions } from './job-actions.tsx';
import { JobDefinition } from './job-definition.tsx';
import { JobLog } from './job-log.tsx';
import { JobOverview } from './job-overview.tsx';
import { JOB_TABS, type JobTab } from './job-page-search.ts';
import { JobPreview } from './job-preview.tsx';
import { JobQuarantine } from './job-quarantine.tsx';
import { jobQuery } from './job-queries.ts';
import { JobRuns } from './job-runs.tsx';
import { SyncStatusBadge } from './job-words.tsx';

const route = getRouteApi('/signed-in/sync/jobs/$jobId');

interface TabProps {
  readonly job: SyncJob;
  readonly page: number;
  readonly onPage: (page: number) => void;
}

function tabContent(tab: JobTab, { job, page, onPage }: TabProps): ReactNode {
  switch (tab) {
    case 'overview':
      return <JobOverview job={job} />;
    case 'preview':
      return <JobPreview job={job} />;
    case 'runs':
      return <JobRuns jobId={job.id} page={page} onPage={onPage} />;
    case 'log':
      return <JobLog job={job} />;
    case 'quarantine':
      return <JobQuarantine job={job} page={page} onPage={onPage} />;
    case 'conflicts':
      return <ConflictTable jobId={job.id} page={page} onPage={onPage} />;
    case 'definition':
      return <JobDefinition job={job} />;
  }
}

export function JobPage() {
  const { t } = useTranslation();
  const { jobId } = route.useParams();
  const { tab = 'overview', page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const mayPreview = useMay('sync:write');
  const { data: job, error, refetch } = useQuery(jobQuery(jobId));
  if (!job) return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <PendingPage />;
  const onPage = (next: number) => void navigate({ to: '.', search: { tab, ...(next > 1 ? { page: next } : {}) } });
  const tabs = JOB_TABS.filter((one) => one !== 'preview' || mayPreview);
  return (
    <Page title={job.name} extra={<SyncStatusBadge status={job.status} />} actions={<JobActions job={job} />}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale />}
      <Tabs
        activeKey={tab}
        destroyOnHidden
        items={tabs.map((key) => ({
          key,
          label: t(`sync.tab.${key}`),
          children: key === tab && tabContent(key, { job, page, onPage }),
        }))}
        onChange={(key) => {
          const next = JOB_TABS.find((one) => one === key);
          void navigate({ to: '.', search: next && next !== 'overview' ? { tab: next } : {} });
        }}
      />
    </Page>
  );
}
