import { useTranslation } from 'react-i18next';
import type { SyncSchedule, SyncStatus } from '../../../api/sync-model.ts';
import { StatusBadge, type Tone } from '../../../ui/status-badge.tsx';
import { Duration, Moment } from '../../../ui/time.tsx';

const TONES: Record<SyncStatus, Tone> = {
  pending: 'quiet',
  running: 'busy',
  paused: 'warn',
  completed: 'good',
  failed: 'bad',
  cancelled: 'quiet',
};

export function SyncStatusBadge({ status }: { readonly status: SyncStatus }) {
  const { t } = useTranslation();
  return <StatusBadge tone={TONES[status]} label={t(`sync.status.${status}`)} live={status === 'running'} />;
}

export function SyncScheduleText({ schedule }: { readonly schedule: SyncSchedule }) {
  const { t } = useTranslation();
  switch (schedule.type) {
    case 'manual':
      return t('sync.schedule.manualText');
    case 'interval':
      return (
        <>
          {t('sync.schedule.everyText')} <Duration seconds={schedule.seconds} />
        </>
      );
    case 'once':
      return <Moment value={schedule.at} />;
    case 'cron':
      return (
        <>
          <code>{schedule.expression}</code> {schedule.timezone !== 'UTC' && schedule.timezone}
        </>
      );
  }
}
