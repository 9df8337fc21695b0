import { Button, Form, Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import styles from './task-form.module.css';
import type { TaskFormValues } from './task-form-values.ts';

const PRESETS = [
  ['fiveMinutes', '*/5 * * * *'],
  ['hourly', '0 * * * *'],
  ['daily', '0 2 * * *'],
  ['weekly', '0 9 * * 1'],
  ['none', ''],
] as const;

const OVERLAPS = ['skip', 'queue_one', 'queue_all', 'cancel_running', 'allow'] as const;
const MISFIRES = ['coalesce', 'all', 'skip'] as const;

/** The zones that the browser knows, UTC first. */
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

/** How schedules are written, and the usual ones to choose from. */
function Presets({ onChoose }: { readonly onChoose: (schedule: string) => void }) {
  const { t } = useTranslation();
  return (
    <>
      {t('taskForm.scheduleHint')}
      <fieldset className={styles.presets} aria-label={t('taskForm.presets.label')}>
        {PRESETS.map(([word, schedule]) => (
          <Button key={word} size="small" onClick={() => onChoose(schedule)}>
            {t(`taskForm.presets.${word}`)}
          </Button>
        ))}
      </fieldset>
    </>
  );
}

/** When it runs. What is wrong with a cron expression the server says: it is the one that will read it. */
export function ScheduleFields() {
  const { t } = useTranslation();
  const form = Form.useFormInstance<TaskFormValues>();
  const scheduled = Boolean(Form.useWatch<string | undefined>('schedule', form)?.trim());
  const setSchedule = (schedule: string) => {
    form.setFields([{ name: 'schedule', value: schedule, errors: [] }]);
  };
  return (
    <>
      <div className={styles.row}>
        <Form.Item name="schedule" label={t('taskForm.schedule')} extra={<Presets onChoose={setSchedule} />}>
          <Input className={styles.code ?? ''} placeholder="0 */6 * * *" spellCheck={false} autoComplete="off" />
        </Form.Item>
        <Form.Item name="timezone" label={t('taskForm.timezone')}>
          <Select showSearch disabled={!scheduled} options={ZONES.map((value) => ({ value }))} />
        </Form.Item>
      </div>
      {scheduled && (
        <div className={styles.row}>
          <Form.Item name="overlap" label={t('taskForm.overlap')}>
            <Select options={OVERLAPS.map((value) => ({ value, label: t(`taskForm.overlaps.${value}`) }))} />
          </Form.Item>
          <Form.Item name="misfire" label={t('taskForm.misfire')}>
            <Select options={MISFIRES.map((value) => ({ value, label: t(`taskForm.misfires.${value}`) }))} />
          </Form.Item>
        </div>
      )}
    </>
  );
}
