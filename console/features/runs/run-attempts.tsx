import { useTranslation } from 'react-i18next';
import type { Attempt } from '../../api/model.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Duration, Moment } from '../../ui/time.tsx';
import { RunStatusBadge } from './run-status-badge.tsx';
import { RunResult } from './run-table.tsx';

function AttemptDuration({ attempt }: { readonly attempt: Attempt }) {
  const { start_time: start, end_time: end } = attempt;
  return start && end ? <Duration seconds={(Date.parse(end) - Date.parse(start)) / 1000} /> : '–';
}

/** The attempts of a run, the last one last. */
export function RunAttempts({ attempts }: { readonly attempts: readonly Attempt[] }) {
  const { t } = useTranslation();
  const columns: Column<Attempt>[] = [
    { key: 'attempt', title: t('runs.attempt'), render: (attempt) => attempt.attempt },
    { key: 'status', title: t('runs.status'), render: (attempt) => <RunStatusBadge status={attempt.status} /> },
    {
      key: 'started',
      title: t('runs.started'),
      render: ({ start_time: start }) => (start ? <Moment value={start} /> : '–'),
    },
    { key: 'duration', title: t('runs.duration'), render: (attempt) => <AttemptDuration attempt={attempt} /> },
    { key: 'worker', title: t('runs.worker'), render: (attempt) => attempt.worker_id ?? '–' },
    {
      key: 'result',
      title: t('runs.result'),
      wide: true,
      render: (attempt) => <RunResult of={attempt} />,
    },
  ];
  return (
    <DataTable
      label={t('run.attempts')}
      columns={columns}
      rows={attempts}
      rowKey={(attempt) => attempt.attempt}
      empty={t('common.none')}
    />
  );
}
