import { Checkbox, Form, Input, Radio, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import styles from '../../ui/form.module.css';
import { PairFields } from './pair-fields.tsx';
import type { TaskFormValues } from './task-form-values.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const CODE = { className: styles.code ?? '', spellCheck: false, autoComplete: 'off' } as const;

function useRequired() {
  const { t } = useTranslation();
  return [{ required: true, whitespace: true, message: t('taskForm.required') }];
}

function ProcessFields() {
  const { t } = useTranslation();
  return (
    <>
      <Form.Item name="working_directory" label={t('taskForm.workingDirectory')}>
        <Input {...CODE} />
      </Form.Item>
      <PairFields name="environment" label={t('taskForm.environment')} addLabel={t('taskForm.addVariable')} />
    </>
  );
}

function ShellFields() {
  const { t } = useTranslation();
  const required = useRequired();
  return (
    <>
      <Form.Item name="command" label={t('taskForm.command')} extra={t('taskForm.commandHint')} rules={required}>
        <Input.TextArea {...CODE} autoSize={{ minRows: 3, maxRows: 20 }} placeholder="echo hello" />
      </Form.Item>
      <ProcessFields />
    </>
  );
}

function PythonFields() {
  const { t } = useTranslation();
  const required = useRequired();
  const source = Form.useWatch<TaskFormValues['source'] | undefined>('source');
  return (
    <>
      <Form.Item name="source" label={t('taskForm.source')}>
        <Radio.Group
          options={[
            { value: 'file', label: t('taskForm.sourceFile') },
            { value: 'inline', label: t('taskForm.sourceInline') },
          ]}
        />
      </Form.Item>
      {source === 'inline' ? (
        <Form.Item name="script" label={t('taskForm.script')} rules={required}>
          <Input.TextArea {...CODE} autoSize={{ minRows: 6, maxRows: 30 }} placeholder="print('hello')" />
        </Form.Item>
      ) : (
        <Form.Item name="command" label={t('taskForm.file')} rules={required}>
          <Input {...CODE} placeholder="data_processor.py" />
        </Form.Item>
      )}
      <Form.Item name="arguments" label={t('taskForm.arguments')} extra={t('taskForm.argumentsHint')}>
        <Input.TextArea {...CODE} autoSize={{ minRows: 2, maxRows: 10 }} />
      </Form.Item>
      <Form.Item name="python_path" label={t('taskForm.pythonPath')}>
        <Input {...CODE} placeholder="python3" />
      </Form.Item>
      <ProcessFields />
    </>
  );
}

function HttpFields() {
  const { t } = useTranslation();
  const required = useRequired();
  return (
    <>
      <div className={styles.request}>
        <Form.Item name="method" label={t('taskForm.method')}>
          <Select options={METHODS.map((value) => ({ value }))} />
        </Form.Item>
        <Form.Item name="url" label={t('taskForm.url')} rules={required}>
          <Input {...CODE} inputMode="url" placeholder="https://api.example.com/webhook" />
        </Form.Item>
      </div>
      <PairFields name="headers" label={t('taskForm.headers')} addLabel={t('taskForm.addHeader')} />
      <Form.Item name="body" label={t('taskForm.body')}>
        <Input.TextArea {...CODE} autoSize={{ minRows: 3, maxRows: 20 }} />
      </Form.Item>
      <div className={styles.row}>
        <Form.Item
          name="expected_status"
          label={t('taskForm.expectedStatus')}
          extra={t('taskForm.expectedStatusHint')}
          rules={[{ pattern: /^\s*([1-5]\d\d\s*(,\s*|$))*$/, message: t('taskForm.expectedStatusBad') }]}
        >
          <Input {...CODE} placeholder="200, 204" />
        </Form.Item>
        <Form.Item name="expected_body" label={t('taskForm.expectedBody')}>
          <Input {...CODE} />
        </Form.Item>
      </div>
      <Form.Item name="follow_redirects" valuePropName="checked">
        <Checkbox>{t('taskForm.followRedirects')}</Checkbox>
      </Form.Item>
    </>
  );
}

/** What runs: the fields of the chosen executor. */
export function SpecFields({ executor }: { readonly executor: TaskFormValues['executor'] }) {
  switch (executor) {
    case 'shell':
      return <ShellFields />;
    case 'http':
      return <HttpFields />;
    case 'python':
      return <PythonFields />;
  }
}
