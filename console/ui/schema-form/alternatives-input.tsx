import { Segmented } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isJsonObject, type Json } from '../../api/sync-model.ts';
import type { FieldProps } from './context.ts';
import { ObjectFields } from './object-fields.tsx';
import { kindOf, newValue, type Schema } from './schema.ts';
import styles from './schema-form.module.css';
import { ChoiceInput, JsonInput } from './simple-inputs.tsx';

function fits(schema: Schema, value: Json | undefined): boolean {
  return kindOf(schema).kind === 'object' ? isJsonObject(value) : !isJsonObject(value);
}

/** A word, or an object with the same word and more: as much as somebody wants to say. */
export function AlternativesInput({ schemas, ...props }: FieldProps & { readonly schemas: readonly Schema[] }) {
  const { t } = useTranslation();
  const { value, onChange, path } = props;
  const [chosen, setChosen] = useState(() =>
    Math.max(
      0,
      schemas.findIndex((schema) => fits(schema, value)),
    ),
  );
  const schema = schemas[chosen] ?? {};
  const kind = kindOf(schema);
  const choose = (index: number) => {
    setChosen(index);
    const next = schemas[index];
    onChange(next && newValue(next));
  };
  return (
    <div className={styles.alternatives}>
      <Segmented<number>
        size="small"
        value={chosen}
        options={schemas.map((one, index) => ({
          value: index,
          label: t(kindOf(one).kind === 'object' ? 'schema.withOptions' : 'schema.plain'),
        }))}
        onChange={choose}
      />
      {kind.kind === 'object' && <ObjectFields schema={schema} value={value} onChange={onChange} path={path} />}
      {kind.kind === 'choice' && <ChoiceInput {...props} schema={schema} values={kind.values} />}
      {kind.kind !== 'object' && kind.kind !== 'choice' && <JsonInput {...props} />}
    </div>
  );
}
