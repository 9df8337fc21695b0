import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Attempt, Run } from '../../api/model.ts';
import { type Column, DataTable } from '../../ui/data-table.tsx';
import { Duration, Elapsed, RelativeTime } from '../../ui/time.tsx';
import { hasEnded, RunStatusBadge } from './run-status-badge.tsx';

/** How long a run took, or has been going on. */
export function RunDuration({ run }: { readonly run: Run }) {
  if (!run.start_time) return '–';
  if (!hasEnded(run)) return <Elapsed since={run.start_time} />;
  return run.duration_seconds === null ? '–' : <Duration seconds={run.duration_seconds} />;
}

/** How a run, or one of its attempts, came out. While it goes on, what is recorded is still the last attempt's. */
export function RunResult({ of: { status, error_message: error, exit_code: code } }: { readonly of: Run | Attempt }) {
  const { t } = useTranslation();
  if (status === 'running' || status === 'pending') return '–';
  return error ?? (code === null ? '–' : t('runs.exitCodeOf', { code }));
}

/** The task that a run is of; one that is deleted has left its name. */
export function TaskOfRun({ run }: { readonly run: Run }) {
  if (run.task_id === null) return run.task_name;
  return (
    <Link to="/tasks/$taskId" params={{ taskId: String(run.task_id) }}>
      {run.task_name}
    </Link>
  );
}

interface RunTableProps {
  readonly label: string;
  /** Absent while they are loading. */
  readonly runs: readonly Run[] | undefined;
  readonly empty: string;
  /** Whether to say which task each is of. */
  readonly withTask?: boolean;
}

export function RunTable({ label, runs, empty, withTask = false }: RunTableProps) {
  const { t } = useTranslation();
  const task: Column<Run> = {
    key: 'task',
    title: t('run.task'),
    wide: true,
    render: (run) => <TaskOfRun run={run} />,
  };
  const columns: Column<Run>[] = [
    {
      key: 'id',
      title: t('runs.id'),
      render: (run) => (
        <Link to="/runs/$runId" params={{ runId: String(run.id) }}>
          #{run.id}
        </Link>
      ),
    },
    ...(withTask ? [task] : []),
    { key: 'status', title: t('runs.status'), render: (run) => <RunStatusBadge status={run.status} /> },
    {
      key: 'started',
      title: t('runs.started'),
      render: (run) => (run.start_time ? <RelativeTime value={run.start_time} /> : '–'),
    },
    { key: 'duration', title: t('runs.duration'), render: (run) => <RunDuration run={run} /> },
    { key: 'attempt', title: t('runs.attempt'), render: (run) => run.attempt },
    { key: 'worker', title: t('runs.worker'), render: (run) => run.worker_id ?? '–' },
    {
      key: 'result',
      title: t('runs.result'),
      wide: true,
      render: (run) => <RunResult of={run} />,
    },
  ];
  return <DataTable label={label} columns={columns} rows={runs} rowKey={(run) => run.id} empty={empty} />;
}
