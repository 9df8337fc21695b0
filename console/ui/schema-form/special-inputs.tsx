import { Checkbox, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../api/sync-model.ts';
import { type FieldProps, fieldId } from './context.ts';
import { kindOf, type ScalarType, type Schema } from './schema.ts';
import styles from './schema-form.module.css';
import { ChoiceInput, NumberInput, TextInput } from './simple-inputs.tsx';

function typeOf(value: Json | undefined, types: readonly ScalarType[]): ScalarType {
  const type = value === null ? 'null' : typeof value;
  return types.find((one) => one === type) ?? types[0] ?? 'string';
}

function converted(text: string, type: ScalarType): Json | undefined {
  switch (type) {
    case 'null':
      return null;
    case 'boolean':
      return text === 'true';
    case 'number':
      // Half a number is not sent: what is refused is said at the field.
      return text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
    default:
      return text;
  }
}

/** One value whose type is a choice too: the text 1 is not the number 1. */
export function ScalarInput({ value, onChange, path, label, types }: FieldProps & { types: readonly ScalarType[] }) {
  const { t } = useTranslation();
  const [type, setType] = useState(() => typeOf(value, types));
  const [text, setText] = useState(() => (value === undefined || value === null ? '' : String(value)));
  const change = (nextType: ScalarType, nextText: string) => {
    setType(nextType);
    setText(nextText);
    onChange(converted(nextText, nextType));
  };
  return (
    <div className={styles.scalar}>
      <Select
        aria-label={`${label}: ${t('schema.type')}`}
        value={type}
        options={types.map((one) => ({ value: one, label: t(`schema.scalar.${one}`) }))}
        onChange={(next) => change(next, text)}
      />
      {type === 'boolean' ? (
        <Checkbox id={fieldId(path)} checked={text === 'true'} onChange={(e) => change(type, String(e.target.checked))}>
          {t('schema.true')}
        </Checkbox>
      ) : (
        type !== 'null' && (
          <Input
            id={fieldId(path)}
            aria-label={label}
            value={text}
            spellCheck={false}
            onChange={(event) => change(type, event.target.value)}
          />
        )
      )}
    </div>
  );
}

/** Null means something of its own: not the default, but none at all. */
export function NullableInput({ inner, ...props }: FieldProps & { readonly inner: Schema }) {
  const { t } = useTranslation();
  const { value, onChange } = props;
  const kind = kindOf(inner);
  const field = { ...props, schema: inner, value: value === null ? undefined : value };
  return (
    <>
      {value !== null && kind.kind === 'number' && <NumberInput {...field} integer={kind.integer} />}
      {value !== null && kind.kind === 'choice' && <ChoiceInput {...field} values={kind.values} />}
      {value !== null && kind.kind !== 'number' && kind.kind !== 'choice' && <TextInput {...field} long={false} />}
      <Checkbox
        className={styles.none ?? ''}
        checked={value === null}
        onChange={(event) => onChange(event.target.checked ? null : undefined)}
      >
        {t('schema.noLimit')}
      </Checkbox>
    </>
  );
}
