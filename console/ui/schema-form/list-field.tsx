import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Form, Select } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../api/sync-model.ts';
import { type FieldProps, fieldId, useProblem, useSchemaWords } from './context.ts';
import { ObjectFields } from './object-fields.tsx';
import { isSimpleList, kindOf, newValue, type Schema } from './schema.ts';
import styles from './schema-form.module.css';
import { JsonInput } from './simple-inputs.tsx';
import { ScalarInput } from './special-inputs.tsx';
import { TaggedField } from './tagged-field.tsx';

type ListProps = FieldProps & { readonly items: Schema };

/** Values of one line: chosen where they are known, typed where they are not. */
function SimpleList({ value, onChange, path, label, hint, required = false, items }: ListProps) {
  const words = useSchemaWords();
  const problem = useProblem(path);
  const kind = kindOf(items);
  const known = kind.kind === 'choice' ? kind.values : undefined;
  return (
    <Form.Item
      label={label}
      htmlFor={fieldId(path)}
      required={required}
      extra={hint}
      validateStatus={problem ? 'error' : ''}
      help={problem}
    >
      <Select
        id={fieldId(path)}
        aria-label={label}
        value={Array.isArray(value) ? value.map(String) : []}
        onChange={(chosen: string[]) => onChange(chosen.length > 0 ? chosen : undefined)}
        {...(known
          ? { mode: 'multiple', options: known.map((one) => ({ value: one, label: words.value(one) })) }
          : { mode: 'tags', tokenSeparators: [','], open: false, suffixIcon: null })}
      />
    </Form.Item>
  );
}

interface ItemProps extends FieldProps {
  readonly index: number;
}

function Item({ schema, index, ...props }: ItemProps) {
  const words = useSchemaWords();
  const kind = kindOf(schema);
  switch (kind.kind) {
    case 'tagged':
      return <TaggedField {...props} schema={schema} kind={kind} label={words.label(kind.tag)} required />;
    case 'object':
      return <ObjectFields {...props} schema={schema} />;
    case 'scalar':
      return <ScalarInput {...props} schema={schema} types={kind.types} />;
    default:
      return <JsonInput {...props} schema={schema} />;
  }
}

/** Values with fields of their own, one below the other; their order can be changed. */
function ItemList({ value, onChange, path, label, hint, required = false, items }: ListProps) {
  const { t } = useTranslation();
  const problem = useProblem(path);
  const list = Array.isArray(value) ? (value as readonly Json[]) : [];
  const lastId = useRef(0);
  const fresh = () => {
    lastId.current += 1;
    return lastId.current;
  };
  // An item keeps what was opened or half typed in it when its place changes.
  const [ids, setIds] = useState<readonly number[]>(() => list.map(fresh));
  const change = (nextIds: readonly number[], next: readonly Json[]) => {
    setIds(nextIds);
    onChange(next.length === 0 && !required ? undefined : next);
  };
  const move = (from: number, to: number) => change(moved(ids, from, to), moved(list, from, to));
  return (
    <fieldset className={styles.group} id={fieldId(path)}>
      <legend className={required ? styles.required : undefined}>{label}</legend>
      {hint && <p className={styles.hint}>{hint}</p>}
      {list.map((item, index) => {
        const name = `${label} ${index + 1}`;
        return (
          <section className={styles.item} key={ids[index] ?? index} aria-label={name}>
            <div className={styles.itemHead}>
              <strong>{index + 1}</strong>
              <Button
                type="text"
                size="small"
                disabled={index === 0}
                icon={<ArrowUpOutlined aria-hidden />}
                aria-label={t('schema.up', { name })}
                onClick={() => move(index, index - 1)}
              />
              <Button
                type="text"
                size="small"
                disabled={index === list.length - 1}
                icon={<ArrowDownOutlined aria-hidden />}
                aria-label={t('schema.down', { name })}
                onClick={() => move(index, index + 1)}
              />
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined aria-hidden />}
                aria-label={t('schema.remove', { name })}
                onClick={() => change(without(ids, index), without(list, index))}
              />
            </div>
            <Item
              schema={items}
              index={index}
              value={item}
              onChange={(changed) => onChange(list.map((one, at) => (at === index ? (changed ?? null) : one)))}
              path={`${path}.${index}`}
              label={name}
            />
          </section>
        );
      })}
      {problem && <p className={styles.broken}>{problem}</p>}
      <Button
        size="small"
        icon={<PlusOutlined aria-hidden />}
        aria-label={t('schema.addTo', { name: label })}
        onClick={() => change([...ids, fresh()], [...list, newValue(items) ?? ''])}
      >
        {t('schema.add')}
      </Button>
    </fieldset>
  );
}

function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, at) => at !== index);
}

function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = without(list, from);
  return [...rest.slice(0, to), ...list.slice(from, from + 1), ...rest.slice(to)];
}

export function ListField(props: ListProps) {
  return isSimpleList(props.items) ? <SimpleList {...props} /> : <ItemList {...props} />;
}
