import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isJsonObject, type Json } from '../../api/sync-model.ts';
import { useSchemaForm, useSchemaWords } from './context.ts';
import { kindOf, type Schema, withoutAbsent } from './schema.ts';
import styles from './schema-form.module.css';

interface ObjectFieldsProps {
  readonly schema: Schema;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  readonly path: string;
  /** Fields that are drawn elsewhere. */
  readonly without?: string;
}

/** So few optional fields are not worth hiding. */
const FEW = 2;

/** The fields of an object: those that matter at once, the others behind a line that opens. */
export function ObjectFields({ schema, value, onChange, path, without }: ObjectFieldsProps) {
  const { t } = useTranslation();
  const words = useSchemaWords();
  const { problems, prominent, Field } = useSchemaForm();
  const fields = isJsonObject(value) ? value : {};
  const kind = kindOf(schema);
  const properties = kind.kind === 'object' ? kind.properties.filter(([name]) => name !== without) : [];
  const matters = (name: string) =>
    schema.required?.includes(name) || name in fields || prominent.has(`${schema.title}.${name}`);
  // Decided once: a field must not jump elsewhere under the hands of who begins to fill it in.
  const [shown] = useState(() => {
    const first = properties.map(([name]) => name).filter(matters);
    return new Set(properties.length - first.length <= FEW ? properties.map(([name]) => name) : first);
  });
  const draw = ([name, property]: readonly [string, Schema]) => (
    <Field
      key={name}
      schema={property}
      value={fields[name]}
      onChange={(changed) => onChange(withoutAbsent({ ...fields, [name]: changed }))}
      path={path === '' ? name : `${path}.${name}`}
      label={words.label(name)}
      hint={words.hint(schema.title, name, property)}
      required={schema.required?.includes(name) ?? false}
    />
  );
  const rest = properties.filter(([name]) => !shown.has(name));
  const isWrong = rest.some(([name]) => [...problems.keys()].some((at) => at.startsWith(`${path}.${name}`)));
  return (
    <>
      <div className={styles.fields}>{properties.filter(([name]) => shown.has(name)).map(draw)}</div>
      {rest.length > 0 && (
        <details className={styles.more} {...(isWrong ? { open: true } : {})}>
          <summary>{t('schema.more', { count: rest.length })}</summary>
          <div className={styles.fields}>{rest.map(draw)}</div>
        </details>
      )}
    </>
  );
}
