import { Checkbox, Form, Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type FieldProps, fieldId, useProblem, useSchemaWords } from './context.ts';
import styles from './schema-form.module.css';

/** How the server shows a secret, and what it takes for "as it was". */
const MASK = '***';

/** What stands in an empty field: what is taken when it stays empty. */
function usePlaceholder({ schema }: FieldProps): string {
  const { t } = useTranslation();
  const words = useSchemaWords();
  const { default: fallback } = schema;
  return fallback === undefined ? '' : t('schema.unlessTold', { value: words.value(String(fallback)) });
}

/** What all inputs of a field have. */
function useInput({ path, label }: FieldProps) {
  const wrong = useProblem(path) !== undefined;
  return { id: fieldId(path), 'aria-label': label, ...(wrong ? { 'aria-invalid': true } : {}) };
}

export function TextInput(props: FieldProps & { readonly long: boolean }) {
  const { value, onChange, long } = props;
  const common = {
    ...useInput(props),
    value: typeof value === 'string' ? value : '',
    placeholder: usePlaceholder(props),
    spellCheck: false,
    autoComplete: 'off',
    onChange: (event: { readonly target: { readonly value: string } }) => onChange(event.target.value || undefined),
  };
  return long ? (
    <Input.TextArea {...common} className={styles.code ?? ''} autoSize={{ minRows: 1, maxRows: 16 }} />
  ) : (
    <Input {...common} />
  );
}

/** A text that the server never shows: what is stored stays unless something is typed over it. */
export function SecretInput(props: FieldProps) {
  const { t } = useTranslation();
  const { value, onChange } = props;
  const [stored] = useState(value === MASK);
  return (
    <Input.Password
      {...useInput(props)}
      value={typeof value === 'string' && value !== MASK ? value : ''}
      placeholder={stored ? t('schema.secretStored') : ''}
      // Not the sign-in's: a browser must not offer it here.
      autoComplete="new-password"
      onChange={(event) => onChange(event.target.value || (stored ? MASK : undefined))}
    />
  );
}

export function NumberInput(props: FieldProps & { readonly integer: boolean }) {
  const { schema, value, onChange, integer } = props;
  return (
    <InputNumber
      {...useInput(props)}
      className={styles.number ?? ''}
      value={typeof value === 'number' ? value : null}
      placeholder={usePlaceholder(props)}
      onChange={(number) => onChange(number ?? undefined)}
      {...(integer ? { precision: 0 } : {})}
      {...(schema.minimum === undefined ? {} : { min: schema.minimum })}
      {...(schema.maximum === undefined ? {} : { max: schema.maximum })}
    />
  );
}

export function ChoiceInput(props: FieldProps & { readonly values: readonly string[] }) {
  const { value, onChange, values, required = false } = props;
  const words = useSchemaWords();
  return (
    <Select
      {...useInput(props)}
      value={typeof value === 'string' ? value : null}
      placeholder={usePlaceholder(props)}
      allowClear={!required}
      options={values.map((one) => ({ value: one, label: words.value(one) }))}
      onChange={(chosen: string | null | undefined) => onChange(chosen ?? undefined)}
    />
  );
}

/** It has no label above it: its words stand beside the box. */
export function BooleanInput({ schema, value, onChange, path, label, hint }: FieldProps) {
  const problem = useProblem(path);
  const checked = value ?? schema.default ?? false;
  return (
    <Form.Item className={styles.check ?? ''} extra={hint} validateStatus={problem ? 'error' : ''} help={problem}>
      <Checkbox id={fieldId(path)} checked={checked === true} onChange={(event) => onChange(event.target.checked)}>
        {label}
      </Checkbox>
    </Form.Item>
  );
}

/** Anything, as JSON text. While it is no JSON, what it was before counts. */
export function JsonInput(props: FieldProps) {
  const { t } = useTranslation();
  const { value, onChange } = props;
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)));
  const [broken, setBroken] = useState(false);
  const read = (typed: string) => {
    setText(typed);
    try {
      onChange(typed.trim() === '' ? undefined : JSON.parse(typed));
      setBroken(false);
    } catch {
      setBroken(true);
    }
  };
  return (
    <>
      <Input.TextArea
        {...useInput(props)}
        className={styles.code ?? ''}
        value={text}
        spellCheck={false}
        autoSize={{ minRows: 2, maxRows: 20 }}
        onChange={(event) => read(event.target.value)}
        {...(broken ? { status: 'error' as const } : {})}
      />
      {broken && <span className={styles.broken}>{t('schema.noJson')}</span>}
    </>
  );
}
