import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Section } from '../../ui/page.tsx';
import { latestRunsQuery } from '../runs/run-queries.ts';
import { RunTable } from '../runs/run-table.tsx';

export function LatestRuns() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(latestRunsQuery);
  return (
    <Section title={t('runs.latest')}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && <RunTable label={t('runs.latest')} runs={data?.items} empty={t('runs.noneYet')} withTask />}
    </Section>
  );
}
