import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import styles from '../../ui/form.module.css';

interface PairFieldsProps {
  readonly name: 'environment' | 'headers';
  readonly label: string;
  readonly addLabel: string;
}

/** Names with values, a line each: environment variables, headers. */
export function PairFields({ name, label, addLabel }: PairFieldsProps) {
  const { t } = useTranslation();
  return (
    <fieldset className={styles.pairs}>
      <legend>{label}</legend>
      <Form.List name={name}>
        {(fields, { add, remove }, { errors }) => (
          <>
            {fields.map((field, index) => (
              <div className={styles.pair} key={field.key}>
                <Form.Item name={[field.name, 'name']} noStyle>
                  <Input
                    className={styles.code ?? ''}
                    aria-label={`${label}: ${t('taskForm.environmentName')} ${index + 1}`}
                    placeholder={t('taskForm.environmentName')}
                    spellCheck={false}
                  />
                </Form.Item>
                <Form.Item name={[field.name, 'value']} noStyle>
                  <Input.TextArea
                    className={styles.code ?? ''}
                    aria-label={`${label}: ${t('taskForm.environmentValue')} ${index + 1}`}
                    placeholder={t('taskForm.environmentValue')}
                    autoSize={{ minRows: 1, maxRows: 6 }}
                    spellCheck={false}
                  />
                </Form.Item>
                <Button
                  type="text"
                  icon={<DeleteOutlined aria-hidden />}
                  aria-label={t('taskForm.remove', { name: `${label} ${index + 1}` })}
                  onClick={() => remove(field.name)}
                />
              </div>
            ))}
            <Form.ErrorList errors={errors} />
            <Button size="small" icon={<PlusOutlined aria-hidden />} onClick={() => add({ name: '', value: '' })}>
              {addLabel}
            </Button>
          </>
        )}
      </Form.List>
    </fieldset>
  );
}
