import { Form, Input, InputNumber, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { CronPresets, ZONES } from '../../ui/cron-presets.tsx';
import styles from '../../ui/form.module.css';
import { MomentInput } from '../../ui/moment-input.tsx';
import type { TaskFormValues } from './task-form-values.ts';

const OVERLAPS = ['skip', 'queue_one', 'queue_all', 'cancel_running', 'allow'] as const;
const MISFIRES = ['coalesce', 'all', 'skip'] as const;

/** From when to when a schedule is in force, and how exactly it is kept. */
function Window() {
  const { t } = useTranslation();
  const seconds = { suffix: t('taskForm.seconds'), className: styles.number ?? '', precision: 0, min: 0 };
  return (
    <details className={styles.more}>
      <summary>{t('taskForm.scheduleMore')}</summary>
      <div className={styles.row}>
        <Form.Item name="starts_at" label={t('taskForm.startsAt')} extra={t('taskForm.localTime')}>
          <MomentInput />
        </Form.Item>
        <Form.Item name="expires_at" label={t('taskForm.expiresAt')} extra={t('taskForm.localTime')}>
          <MomentInput />
        </Form.Item>
        <Form.Item name="jitter_seconds" label={t('taskForm.jitter')} extra={t('taskForm.jitterHint')}>
          <InputNumber {...seconds} max={86_400} />
        </Form.Item>
        <Form.Item name="catchup_seconds" label={t('taskForm.catchup')} extra={t('taskForm.catchupHint')}>
          <InputNumber {...seconds} max={31_536_000} />
        </Form.Item>
      </div>
    </details>
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
        <Form.Item
          name="schedule"
          label={t('taskForm.schedule')}
          extra={
            <>
              {t('taskForm.scheduleHint')}
              <CronPresets onChoose={setSchedule} withNone />
            </>
          }
        >
          <Input className={styles.code ?? ''} placeholder="0 */6 * * *" spellCheck={false} autoComplete="off" />
        </Form.Item>
        <Form.Item name="timezone" label={t('taskForm.timezone')}>
          <Select showSearch disabled={!scheduled} options={ZONES.map((value) => ({ value }))} />
        </Form.Item>
      </div>
      {scheduled && (
        <>
          <div className={styles.row}>
            <Form.Item name="overlap" label={t('taskForm.overlap')}>
              <Select options={OVERLAPS.map((value) => ({ value, label: t(`taskForm.overlaps.${value}`) }))} />
            </Form.Item>
            <Form.Item name="misfire" label={t('taskForm.misfire')}>
              <Select options={MISFIRES.map((value) => ({ value, label: t(`taskForm.misfires.${value}`) }))} />
            </Form.Item>
          </div>
          <Window />
        </>
      )}
    </>
  );
}
