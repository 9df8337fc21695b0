import { Checkbox, Form, InputNumber, Radio, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import styles from '../../ui/form.module.css';
import { LIMITS, type Limit, type TaskFormValues } from './task-form-values.ts';

const PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;

const RANGES = {
  cpu_seconds: [1, 2_678_400],
  memory_mb: [16, 16_777_216],
  open_files: [16, 1_048_576],
  file_size_mb: [1, 16_777_216],
  processes: [1, 4_194_304],
} as const satisfies Record<Limit, readonly [number, number]>;

/** What a run may use up. */
function LimitFields() {
  const { t } = useTranslation();
  return (
    <details className={styles.more}>
      <summary>{t('taskForm.limits')}</summary>
      <p className={styles.hint}>{t('taskForm.limitsHint')}</p>
      <div className={styles.row}>
        {LIMITS.map((limit) => (
          <Form.Item key={limit} name={['limits', limit]} label={t(`taskForm.limit.${limit}`)}>
            <InputNumber
              className={styles.number ?? ''}
              placeholder={t('schema.noLimit')}
              min={RANGES[limit][0]}
              max={RANGES[limit][1]}
              precision={0}
            />
          </Form.Item>
        ))}
      </div>
    </details>
  );
}

/** How it runs: priority, retries, limits, where. */
export function PolicyFields({ executor }: { readonly executor: TaskFormValues['executor'] }) {
  const { t } = useTranslation();
  const seconds = { suffix: t('taskForm.seconds'), className: styles.number ?? '', precision: 0 };
  return (
    <>
      <Form.Item name="priority" label={t('taskForm.priority')}>
        <Radio.Group
          optionType="button"
          options={PRIORITIES.map((value) => ({ value, label: t(`priority.${value}`) }))}
        />
      </Form.Item>
      <div className={styles.row}>
        <Form.Item name="timeout_seconds" label={t('taskForm.timeout')}>
          <InputNumber {...seconds} min={1} max={2_678_400} />
        </Form.Item>
        <Form.Item name="retry_count" label={t('taskForm.retryCount')} extra={t('taskForm.retryCountHint')}>
          <InputNumber className={styles.number ?? ''} min={0} max={100} precision={0} />
        </Form.Item>
        <Form.Item name="retry_delay_seconds" label={t('taskForm.retryDelay')}>
          <InputNumber {...seconds} min={0} max={900} />
        </Form.Item>
        <Form.Item name="max_concurrent" label={t('taskForm.maxConcurrent')} extra={t('taskForm.maxConcurrentHint')}>
          <InputNumber className={styles.number ?? ''} min={1} max={10_000} precision={0} />
        </Form.Item>
      </div>
      <Form.Item name="tags" label={t('taskForm.tags')} extra={t('taskForm.tagsHint')}>
        <Select mode="tags" tokenSeparators={[',', ' ']} open={false} suffixIcon={null} />
      </Form.Item>
      <Form.Item name="pause_on_failure" valuePropName="checked">
        <Checkbox>{t('taskForm.pauseOnFailure')}</Checkbox>
      </Form.Item>
      {executor !== 'http' && <LimitFields />}
    </>
  );
}
