import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Input } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isJsonObject, type Json } from '../../api/sync-model.ts';
import { AlternativesInput } from './alternatives-input.tsx';
import { type FieldProps, fieldId, useProblem, useSchemaForm } from './context.ts';
import { kindOf, newValue, type Schema, withoutAbsent } from './schema.ts';
import styles from './schema-form.module.css';
import { ChoiceInput, JsonInput, TextInput } from './simple-inputs.tsx';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly value: Json | undefined;
}

function MapValue({ schema, ...props }: FieldProps) {
  const kind = kindOf(schema);
  switch (kind.kind) {
    case 'text':
      return <TextInput {...props} schema={schema} long={kind.long} />;
    case 'choice':
      return <ChoiceInput {...props} schema={schema} values={kind.values} />;
    case 'alternatives':
      return <AlternativesInput {...props} schema={schema} schemas={kind.schemas} />;
    default:
      return <JsonInput {...props} schema={schema} />;
  }
}

/** Names with values, a line each. A line without a name counts for nothing yet. */
export function MapField({
  value,
  onChange,
  path,
  label,
  hint,
  required = false,
  values,
}: FieldProps & { values: Schema }) {
  const { t } = useTranslation();
  const problem = useProblem(path);
  const { problems } = useSchemaForm();
  const lastId = useRef(0);
  const newRow = (name: string, of: Json | undefined): Row => {
    lastId.current += 1;
    return { id: lastId.current, name, value: of };
  };
  const [rows, setRows] = useState<readonly Row[]>(() => {
    const given = Object.entries(isJsonObject(value) ? value : {}).map(([name, of]) => newRow(name, of));
    return given.length === 0 && required ? [newRow('', newValue(values))] : given;
  });
  const change = (next: readonly Row[]) => {
    setRows(next);
    const named = next.filter(({ name }) => name !== '').map((row) => [row.name, row.value ?? ''] as const);
    onChange(named.length === 0 && !required ? undefined : withoutAbsent(Object.fromEntries(named)));
  };
  const edit = (id: number, part: Partial<Row>) =>
    change(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  const isMasked = (row: Row) => row.value === '***';
  return (
    <fieldset className={styles.group} id={fieldId(path)}>
      <legend className={required ? styles.required : undefined}>{label}</legend>
      {hint && <p className={styles.hint}>{hint}</p>}
      {rows.map((row, index) => (
        <div className={styles.pair} key={row.id}>
          <Input
            aria-label={`${label}: ${t('schema.name')} ${index + 1}`}
            placeholder={t('schema.name')}
            value={row.name}
            spellCheck={false}
            onChange={(event) => edit(row.id, { name: event.target.value })}
          />
          <div>
            <MapValue
              schema={values}
              value={row.value}
              onChange={(of) => edit(row.id, { value: of })}
              path={`${path}.${row.name}`}
              label={`${label}: ${t('schema.value')} ${index + 1}`}
            />
            {isMasked(row) && <p className={styles.hint}>{t('schema.secretStored')}</p>}
            {problems.has(`${path}.${row.name}`) && (
              <p className={styles.broken}>{problems.get(`${path}.${row.name}`)}</p>
            )}
          </div>
          <Button
            type="text"
            icon={<DeleteOutlined aria-hidden />}
            aria-label={t('schema.remove', { name: `${label} ${index + 1}` })}
            onClick={() => change(rows.filter(({ id }) => id !== row.id))}
          />
        </div>
      ))}
      {problem && <p className={styles.broken}>{problem}</p>}
      <Button
        size="small"
        icon={<PlusOutlined aria-hidden />}
        aria-label={t('schema.addTo', { name: label })}
        onClick={() => setRows([...rows, newRow('', newValue(values))])}
      >
        {t('schema.add')}
      </Button>
    </fieldset>
  );
}
