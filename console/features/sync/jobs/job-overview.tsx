import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Alert, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { isJsonObject, type SyncJob, type SyncRun } from '../../../api/sync-model.ts';
import { useLanguage } from '../../../i18n/i18n.ts';
import { type Fact, Facts } from '../../../ui/facts.tsx';
import pageStyles from '../../../ui/page.module.css';
import { Section } from '../../../ui/page.tsx';
import { Moment, RelativeTime } from '../../../ui/time.tsx';
import { JobProgress } from './job-progress.tsx';
import { jobRunsQuery } from './job-queries.ts';
import { RunTime } from './job-runs.tsx';
import { SyncScheduleText } from './job-words.tsx';
import { RESULT_NUMBERS, resultOf, takenOverFrom } from './run-result.ts';

/** Where the rows go, in a few words. */
function destinationText(destination: unknown): string {
  if (!isJsonObject(destination)) return '';
  const { table, name, path, url } = destination;
  return [table, name, path, url].filter((part) => typeof part === 'string').join(' ');
}

function textOf(object: unknown, field: string): string | undefined {
  const value = isJsonObject(object) ? object[field] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function useJobFacts(job: SyncJob): Fact[] {
  const { t } = useTranslation();
  const type = textOf(job.destination, 'type') ?? '';
  const types: Readonly<Record<string, string>> = t('schema.values', { returnObjects: true, skipInterpolation: true });
  const mode = textOf(job.destination, 'mode');
  return [
    { label: t('taskForm.description'), value: job.description, wide: true },
    { label: t('sync.columns.source'), value: t(`schema.values.${job.connector_type}`) },
    {
      label: t('schema.fields.destination'),
      value: [types[type], destinationText(job.destination)].filter(Boolean).join(': '),
    },
    { label: t('schema.fields.mode'), value: mode && (types[mode] ?? mode) },
    { label: t('sync.schedule.label'), value: <SyncScheduleText schedule={job.schedule} /> },
    {
      label: t('sync.columns.nextRun'),
      value: job.enabled ? job.next_run_at && <RelativeTime value={job.next_run_at} /> : t('sync.resting'),
    },
    { label: t('schema.fields.tags'), value: job.tags.length > 0 && job.tags.map((tag) => <Tag key={tag}>{tag}</Tag>) },
    { label: t('task.created'), value: <Moment value={job.created_at} /> },
    { label: t('task.updated'), value: <Moment value={job.updated_at} /> },
  ];
}

/** What the latest run has done so far, or in all. */
function LatestRun({ job, run }: { readonly job: SyncJob; readonly run: SyncRun }) {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(useLanguage());
  const result = resultOf(run);
  const facts: Fact[] = [
    { label: t('sync.columns.progress'), value: <JobProgress of={job} detailed />, wide: true },
    { label: t('runs.started'), value: run.started_at && <Moment value={run.started_at} /> },
    { label: t('runs.duration'), value: <RunTime run={run} /> },
    { label: t('runs.attempt'), value: run.attempt },
    { label: t('runs.worker'), value: run.worker_id },
    { label: t('sync.result.taken_over_from'), value: takenOverFrom(run) },
    ...RESULT_NUMBERS.map((name) => ({
      label: t(`sync.result.${name}`),
      value: result?.[name] === undefined ? undefined : number.format(result[name]),
    })),
  ];
  return <Facts facts={facts} />;
}

/** A job at a glance: what it does, and how its latest run is. */
export function JobOverview({ job }: { readonly job: SyncJob }) {
  const { t } = useTranslation();
  const { data } = useQuery(jobRunsQuery(job.id, 1));
  const latest = data?.items.find(({ trigger }) => trigger !== 'system');
  const refused = latest && resultOf(latest)?.records_rejected;
  return (
    <>
      <div className={pageStyles.stack}>
        {job.status === 'failed' && job.error && <Alert type="error" showIcon title={job.error} />}
        {refused !== undefined && refused > 0 && (
          <Alert
            type="warning"
            showIcon
            title={
              <>
                {t('sync.refused', { count: refused })}{' '}
                <Link to="/sync/jobs/$jobId" params={{ jobId: job.id }} search={{ tab: 'quarantine' }}>
                  {t('sync.seeQuarantine')}
                </Link>
              </>
            }
          />
        )}
        {latest ? (
          <LatestRun job={job} run={latest} />
        ) : (
          data && <Alert type="info" showIcon title={t('sync.noRuns')} />
        )}
      </div>
      <Section title={t('sync.about')}>
        <Facts facts={useJobFacts(job)} />
      </Section>
    </>
  );
}
