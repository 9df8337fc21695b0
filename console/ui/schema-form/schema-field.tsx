import { Form } from 'antd';
import type { ReactNode } from 'react';
import { AlternativesInput } from './alternatives-input.tsx';
import { type FieldProps, fieldId, useProblem, useSchemaWords } from './context.ts';
import { ListField } from './list-field.tsx';
import { MapField } from './map-field.tsx';
import { ObjectFields } from './object-fields.tsx';
import { isWide, kindOf } from './schema.ts';
import styles from './schema-form.module.css';
import { BooleanInput, ChoiceInput, JsonInput, NumberInput, SecretInput, TextInput } from './simple-inputs.tsx';
import { NullableInput, ScalarInput } from './special-inputs.tsx';
import { TaggedField } from './tagged-field.tsx';

function input(props: FieldProps): ReactNode {
  const kind = kindOf(props.schema);
  switch (kind.kind) {
    case 'choice':
      return <ChoiceInput {...props} values={kind.values} />;
    case 'number':
      return <NumberInput {...props} integer={kind.integer} />;
    case 'text':
      return <TextInput {...props} long={kind.long} />;
    case 'secret':
      return <SecretInput {...props} />;
    case 'scalar':
      return <ScalarInput {...props} types={kind.types} />;
    case 'nullable':
      return <NullableInput {...props} inner={kind.inner} />;
    case 'alternatives':
      return <AlternativesInput {...props} schemas={kind.schemas} />;
    default:
      return <JsonInput {...props} />;
  }
}

/** A value of a schema, as something to fill in. */
export function SchemaField(props: FieldProps): ReactNode {
  const { schema, path, label, hint, required = false } = props;
  const problem = useProblem(path);
  const kind = kindOf(schema);
  switch (kind.kind) {
    case 'object':
      return <OptionalObject {...props} />;
    case 'tagged':
      return <TaggedField {...props} kind={kind} />;
    case 'map':
      return <MapField {...props} values={kind.values} />;
    case 'list':
      return <ListField {...props} items={kind.items} />;
    case 'boolean':
      return <BooleanInput {...props} />;
    default:
      return (
        <Form.Item
          className={(isWide(schema) && styles.wide) || ''}
          label={label}
          htmlFor={fieldId(path)}
          required={required}
          extra={hint}
          validateStatus={problem ? 'error' : ''}
          help={problem}
        >
          {input(props)}
        </Form.Item>
      );
  }
}

/** An object inside another one: a frame around its fields; one that is optional has to be asked for. */
function OptionalObject(props: FieldProps) {
  const { schema, value, onChange, path, label, hint, required } = props;
  const words = useSchemaWords();
  const isThere = required || value !== undefined;
  return (
    <fieldset className={styles.group}>
      <legend>{label}</legend>
      {hint && <p className={styles.hint}>{hint}</p>}
      {!required && (
        <BooleanInput
          schema={{}}
          path={`${path}.`}
          label={words.label('specify')}
          value={isThere}
          onChange={(there) => onChange(there ? {} : undefined)}
        />
      )}
      {isThere && <ObjectFields schema={schema} value={value} onChange={onChange} path={path} />}
    </fieldset>
  );
}
