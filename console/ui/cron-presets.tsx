import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import styles from './form.module.css';

const PRESETS = [
  ['fiveMinutes', '*/5 * * * *'],
  ['hourly', '0 * * * *'],
  ['daily', '0 2 * * *'],
  ['weekly', '0 9 * * 1'],
] as const;

/** The zones that the browser knows, UTC first. */
export const ZONES: readonly string[] = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

interface CronPresetsProps {
  /** The empty text: none. */
  readonly onChoose: (schedule: string) => void;
  /** Whether none may be chosen. */
  readonly withNone?: boolean;
}

/** Schedules that are usual, to choose from. */
export function CronPresets({ onChoose, withNone = false }: CronPresetsProps) {
  const { t } = useTranslation();
  const presets = withNone ? [...PRESETS, ['none', ''] as const] : PRESETS;
  return (
    <fieldset className={styles.presets} aria-label={t('taskForm.presets.label')}>
      {presets.map(([word, schedule]) => (
        <Button key={word} size="small" onClick={() => onChoose(schedule)}>
          {t(`taskForm.presets.${word}`)}
        </Button>
      ))}
    </fieldset>
  );
}
