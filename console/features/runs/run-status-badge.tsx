import { useTranslation } from 'react-i18next';
import type { Run, RunStatus } from '../../api/schema.ts';
import { StatusBadge, type Tone } from '../../ui/status-badge.tsx';

const TONES: Record<RunStatus, Tone> = {
  pending: 'quiet',
  running: 'busy',
  paused: 'warn',
  retrying: 'warn',
  cancelled: 'quiet',
  success: 'good',
  failed: 'bad',
  skipped: 'quiet',
};

/** A run that is being cancelled has the status `cancelled` at once; it has ended when its processes are gone. */
export function hasEnded(run: Pick<Run, 'end_time'>): boolean {
  return run.end_time !== null;
}

export function RunStatusBadge({ status }: { readonly status: RunStatus }) {
  const { t } = useTranslation();
  return <StatusBadge tone={TONES[status]} label={t(`runStatus.${status}`)} live={status === 'running'} />;
}
