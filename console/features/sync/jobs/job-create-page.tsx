import { useNavigate } from '@tanstack/react-router';
import { App } from 'antd';
import { useTranslation } from 'react-i18next';
import type { SyncJobCreate } from '../../../api/sync-model.ts';
import { Page } from '../../../ui/page.tsx';
import { NEW_JOB } from './job-body.ts';
import { JobForm } from './job-form.tsx';
import { useJobMutations } from './job-queries.ts';

export function JobCreatePage() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const { create } = useJobMutations();
  return (
    <Page title={t('sync.form.createTitle')}>
      <JobForm
        initial={NEW_JOB}
        submitLabel={t('sync.form.create')}
        submitting={create.isPending}
        error={create.error}
        onSubmit={(body, afterwards) =>
          // What it lacks, the server says.
          create.mutate(body as unknown as SyncJobCreate, {
            onSuccess: (job) => {
              void message.success(t('sync.form.created', { name: job.name }));
              void navigate({
                to: '/sync/jobs/$jobId',
                params: { jobId: job.id },
                search: afterwards === 'preview' ? { tab: 'preview' } : {},
              });
            },
          })
        }
      />
    </Page>
  );
}
