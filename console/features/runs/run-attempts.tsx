import { useTranslation } from 'react-i18next';
import type { Attempt } from '../../api/schema.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Duration, Moment } from '../../ui/time.tsx';

/** The attempts of a run that are over. */
export function RunAttempts({ attempts }: { readonly attempts: readonly Attempt[] }) {
  const { t } = useTranslation();
  const columns: Column<Attempt>[] = [
    { key: 'attempt', title: t('runs.attempt'), render: (attempt) => attempt.attempt },
    { key: 'outcome', title: t('runs.status'), render: (attempt) => attempt.outcome },
    { key: 'started', title: t('runs.started'), render: (attempt) => <Moment value={attempt.start_time} /> },
    {
      key: 'duration',
      title: t('runs.duration'),
      render: (attempt) => (
        <Duration seconds={(Date.parse(attempt.end_time) - Date.parse(attempt.start_time)) / 1000} />
      ),
    },
    { key: 'worker', title: t('runs.worker'), render: (attempt) => attempt.worker_id ?? '–' },
    {
      key: 'result',
      title: t('runs.result'),
      render: (attempt) => attempt.error_message ?? attempt.exit_code ?? '–',
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
