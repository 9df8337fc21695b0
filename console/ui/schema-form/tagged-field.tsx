import { Form, Select } from 'antd';
import { isJsonObject, type Json } from '../../api/sync-model.ts';
import { type FieldProps, fieldId, useProblem, useSchemaWords } from './context.ts';
import { ObjectFields } from './object-fields.tsx';
import { type Kind, newValue, variantOf, withoutAbsent } from './schema.ts';
import styles from './schema-form.module.css';

/** One of several kinds of object: which one, then its fields. What two kinds have in common is kept on a change. */
export function TaggedField(props: FieldProps & { readonly kind: Kind & { readonly kind: 'tagged' } }) {
  const { kind, value, onChange, path, label, hint, required = false } = props;
  const words = useSchemaWords();
  const at = `${path}.${kind.tag}`;
  const problem = useProblem(at);
  const variant = variantOf(kind, value);
  const name = isJsonObject(value) ? value[kind.tag] : undefined;

  const choose = (chosen: string | undefined) => {
    const next = kind.variants.find(([one]) => one === chosen)?.[1];
    if (!next) return onChange(undefined);
    const old = isJsonObject(value) ? value : {};
    const kept = Object.entries(old).filter(([field]) => field !== 'config' && field in (next.properties ?? {}));
    const fresh = newValue(next);
    const changed: Record<string, Json | undefined> = { ...(isJsonObject(fresh) ? fresh : {}) };
    for (const [field, old] of kept) if (field !== kind.tag) changed[field] = old;
    return onChange(withoutAbsent(changed));
  };

  const config = variant?.properties?.config;
  return (
    <div className={variant && styles.wide}>
      <Form.Item
        className={styles.chooser ?? ''}
        label={label}
        htmlFor={fieldId(at)}
        required={required}
        extra={hint}
        validateStatus={problem ? 'error' : ''}
        help={problem}
      >
        <Select
          id={fieldId(at)}
          aria-label={label}
          value={typeof name === 'string' ? name : null}
          placeholder={required ? '' : words.value('none')}
          allowClear={!required}
          options={kind.variants.map(([one]) => ({ value: one, label: words.value(one) }))}
          onChange={(chosen: string | null | undefined) => choose(chosen ?? undefined)}
        />
      </Form.Item>
      {variant && (
        <div className={styles.variant}>
          {config ? (
            // `{type, config}`: the configuration is all there is to fill in.
            <ConfigFields {...props} config={config} key={String(name)} />
          ) : (
            <ObjectFields
              key={String(name)}
              schema={variant}
              value={value}
              onChange={onChange}
              path={path}
              without={kind.tag}
            />
          )}
        </div>
      )}
    </div>
  );
}

function ConfigFields({ config, value, onChange, path }: FieldProps & { readonly config: FieldProps['schema'] }) {
  const words = useSchemaWords();
  const whole = isJsonObject(value) ? value : {};
  const change = (changed: Json | undefined) => onChange({ ...whole, config: changed ?? {} });
  const common = { schema: config, value: whole.config, onChange: change, path: `${path}.config` };
  if (!config.oneOf) return <ObjectFields {...common} />;
  const tag = config.discriminator?.propertyName ?? 'type';
  const kind = {
    kind: 'tagged' as const,
    tag,
    variants: config.oneOf.map((one) => [String(one.properties?.[tag]?.const), one] as const),
  };
  return <TaggedField {...common} kind={kind} label={words.label(tag)} required />;
}
