import { useTranslation } from 'react-i18next';
import type { Attempt, Run } from '../../api/model.ts';
import { StatusBadge, type Tone } from '../../ui/status-badge.tsx';

const TONES: Record<Attempt['status'], Tone> = {
  pending: 'quiet',
  running: 'busy',
  paused: 'warn',
  retrying: 'warn',
  cancelled: 'quiet',
  success: 'good',
  failed: 'bad',
  timed_out: 'bad',
  lost: 'bad',
  skipped: 'quiet',
};

/** A run that is being cancelled has the status `cancelled` at once; it has ended when its processes are gone. */
export function hasEnded(run: Pick<Run, 'end_time'>): boolean {
  return run.end_time !== null;
}

/** Of a run, or of one of its attempts. */
export function RunStatusBadge({ status }: { readonly status: Attempt['status'] }) {
  const { t } = useTranslation();
  return <StatusBadge tone={TONES[status]} label={t(`runStatus.${status}`)} live={status === 'running'} />;
}
