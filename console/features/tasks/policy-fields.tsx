import { Checkbox, Form, InputNumber, Radio, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import styles from '../../ui/form.module.css';

const PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;

/** How it runs: priority, retries, limits, where. */
export function PolicyFields() {
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
      </div>
      <Form.Item name="tags" label={t('taskForm.tags')} extra={t('taskForm.tagsHint')}>
        <Select mode="tags" tokenSeparators={[',', ' ']} open={false} suffixIcon={null} />
      </Form.Item>
      <Form.Item name="pause_on_failure" valuePropName="checked">
        <Checkbox>{t('taskForm.pauseOnFailure')}</Checkbox>
      </Form.Item>
    </>
  );
}
