import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { App } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { JsonObject, SyncJob, SyncJobUpdate } from '../../../api/sync-model.ts';
import { ErrorNotice } from '../../../ui/error-notice.tsx';
import { PendingPage } from '../../../ui/fallback-pages.tsx';
import { Page } from '../../../ui/page.tsx';
import { changeOf, definitionOf } from './job-body.ts';
import { type Afterwards, JobForm } from './job-form.tsx';
import { jobQuery, useJobMutations } from './job-queries.ts';

const route = getRouteApi('/signed-in/sync/jobs/$jobId/edit');

function JobEditor({ job }: { readonly job: SyncJob }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const { update } = useJobMutations();
  const [initial] = useState(() => definitionOf(job));
  const leave = (afterwards: Afterwards) =>
    void navigate({
      to: '/sync/jobs/$jobId',
      params: { jobId: job.id },
      search: afterwards === 'preview' ? { tab: 'preview' } : {},
    });
  const save = (body: JsonObject, afterwards: Afterwards) => {
    const change = changeOf(initial, body);
    if (Object.keys(change).length === 0) {
      if (afterwards === 'preview') leave(afterwards);
      else void message.info(t('taskForm.unchanged'));
      return;
    }
    update.mutate(
      { id: job.id, change: change as SyncJobUpdate },
      {
        onSuccess: () => {
          void message.success(t('taskForm.saved'));
          leave(afterwards);
        },
      },
    );
  };
  return (
    <Page title={t('taskForm.editTitle', { name: job.name })}>
      <JobForm
        initial={initial}
        submitLabel={t('taskForm.save')}
        submitting={update.isPending}
        error={update.error}
        onSubmit={save}
        jobId={job.id}
      />
    </Page>
  );
}

export function JobEditPage() {
  const { jobId } = route.useParams();
  // Asked for once, fresh: fields must not change under the hands of who is typing.
  const { data, error, refetch, isFetchedAfterMount } = useQuery({
    ...jobQuery(jobId),
    // Also when what is known is a moment old.
    refetchOnMount: 'always',
    refetchInterval: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  if (data && isFetchedAfterMount) return <JobEditor key={data.id} job={data} />;
  return error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <PendingPage />;
}
