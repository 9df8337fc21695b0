import { Form, Input, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import styles from '../../ui/form.module.css';
import { OUTCOMES } from './task-form-values.ts';

/** Who is told how runs end. */
export function NoticeFields() {
  const { t } = useTranslation();
  const url = Form.useWatch<string | undefined>(['on_finish', 'url']);
  return (
    <>
      <Form.Item name={['on_finish', 'url']} label={t('taskForm.noticeUrl')} extra={t('taskForm.noticeUrlHint')}>
        <Input
          className={styles.code ?? ''}
          inputMode="url"
          spellCheck={false}
          autoComplete="off"
          placeholder="https://example.com/hook"
        />
      </Form.Item>
      {url && (
        <div className={styles.row}>
          <Form.Item name={['on_finish', 'on']} label={t('taskForm.noticeOn')}>
            <Select
              mode="multiple"
              placeholder={t('taskForm.noticeOnAll')}
              options={OUTCOMES.map((value) => ({ value, label: t(`runStatus.${value}`) }))}
            />
          </Form.Item>
          <Form.Item
            name={['on_finish', 'secret']}
            label={t('taskForm.noticeSecret')}
            extra={t('taskForm.noticeSecretHint')}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
        </div>
      )}
    </>
  );
}
