import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { Section } from '../../ui/page.tsx';
import { PagesOf } from '../../ui/pages-of.tsx';
import { RunTable } from '../runs/run-table.tsx';
import { PAGE_SIZE, taskRunsQuery } from './task-queries.ts';

interface TaskRunsProps {
  readonly taskId: number;
  readonly page: number;
  readonly onPage: (page: number) => void;
}

export function TaskRuns({ taskId, page, onPage }: TaskRunsProps) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(taskRunsQuery(taskId, page));
  return (
    <Section title={t('task.runs')}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} stale={data !== undefined} />}
      {(data || !error) && <RunTable label={t('task.runs')} runs={data?.items} empty={t('task.noRuns')} />}
      {data && <PagesOf page={page} size={PAGE_SIZE} total={data.total} onChange={onPage} />}
    </Section>
  );
}
