import { isJsonObject, type Json, type JsonObject } from '../../api/sync-model.ts';

/** The part of JSON Schema in which the server describes what jobs are made of. */
export interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: Json;
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly discriminator?: { readonly propertyName: string };
}

export type ScalarType = 'string' | 'number' | 'boolean' | 'null';

/** How a value of a schema is entered. */
export type Kind =
  | { readonly kind: 'object'; readonly properties: readonly (readonly [string, Schema])[] }
  /** One of several objects, told apart by the field `tag`. */
  | { readonly kind: 'tagged'; readonly tag: string; readonly variants: readonly (readonly [string, Schema])[] }
  /** Names with values. */
  | { readonly kind: 'map'; readonly values: Schema }
  | { readonly kind: 'list'; readonly items: Schema }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'number'; readonly integer: boolean }
  | { readonly kind: 'text'; readonly long: boolean }
  | { readonly kind: 'secret' }
  | { readonly kind: 'scalar'; readonly types: readonly ScalarType[] }
  | { readonly kind: 'nullable'; readonly inner: Schema }
  | { readonly kind: 'alternatives'; readonly schemas: readonly Schema[] }
  | { readonly kind: 'json' };

/** A text that may be so long may have several lines. */
const LONG_TEXT = 10_000;

function tagOf(variant: Schema, tag: string): string {
  return String(variant.properties?.[tag]?.const);
}

function scalarType({ type }: Schema): ScalarType | undefined {
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'string' || type === 'boolean' || type === 'null' ? type : undefined;
}

function unionKind(schemas: readonly Schema[]): Kind {
  const inner = schemas.filter(({ type }) => type !== 'null');
  const [only, ...others] = inner;
  if (only && others.length === 0 && inner.length < schemas.length) return { kind: 'nullable', inner: only };
  const types = schemas.map(scalarType);
  return types.every((type) => type !== undefined)
    ? { kind: 'scalar', types: [...new Set(types)] }
    : { kind: 'alternatives', schemas };
}

/** How values of `schema` are entered; as JSON text where nothing better is known. */
export function kindOf(schema: Schema): Kind {
  const { oneOf, anyOf, discriminator, properties, patternProperties, items } = schema;
  if (oneOf && discriminator) {
    const tag = discriminator.propertyName;
    return { kind: 'tagged', tag, variants: oneOf.map((variant) => [tagOf(variant, tag), variant] as const) };
  }
  if (anyOf) return unionKind(anyOf);
  if (schema.enum) return { kind: 'choice', values: schema.enum.map(String) };
  if (properties) return { kind: 'object', properties: Object.entries(properties) };
  const [values] = Object.values(patternProperties ?? {});
  if (values && kindOf(values).kind !== 'json') return { kind: 'map', values };
  switch (schema.type) {
    case 'array':
      return items ? { kind: 'list', items } : { kind: 'json' };
    case 'boolean':
      return { kind: 'boolean' };
    case 'integer':
    case 'number':
      return { kind: 'number', integer: schema.type === 'integer' };
    case 'string':
      if (schema.format === 'password') return { kind: 'secret' };
      return { kind: 'text', long: (schema.maxLength ?? 0) >= LONG_TEXT };
    default:
      return { kind: 'json' };
  }
}

/** Kinds that take all of a line, and draw what belongs to them themselves. */
const GROUPS: ReadonlySet<Kind['kind']> = new Set(['object', 'tagged', 'map', 'list']);

/** Texts and words: a list of them is entered in one line. */
export function isSimpleList(items: Schema): boolean {
  return ['text', 'choice'].includes(kindOf(items).kind);
}

/** Whether a field of `schema` takes a line of its own. */
export function isWide(schema: Schema): boolean {
  const kind = kindOf(schema);
  if (kind.kind === 'list') return !isSimpleList(kind.items);
  return GROUPS.has(kind.kind) || kind.kind === 'json' || (kind.kind === 'text' && kind.long);
}

/** What a field of `schema` begins with when it comes into being: what it cannot be without. Undefined: nothing. */
export function newValue(schema: Schema): Json | undefined {
  if (schema.const !== undefined) return schema.const;
  const kind = kindOf(schema);
  switch (kind.kind) {
    case 'object': {
      const required = kind.properties.filter(([name]) => schema.required?.includes(name));
      return withoutAbsent(Object.fromEntries(required.map(([name, property]) => [name, newValue(property)])));
    }
    case 'tagged':
      return kind.variants[0] && newValue(kind.variants[0][1]);
    case 'map':
      return {};
    case 'list': {
      const item = schema.minItems ? newValue(kind.items) : undefined;
      return item === undefined ? [] : [item];
    }
    default:
      return undefined;
  }
}

/** @returns `fields` less those that are undefined */
export function withoutAbsent(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** The variant that `value` is of. */
export function variantOf(kind: Kind & { kind: 'tagged' }, value: Json | undefined): Schema | undefined {
  const name = isJsonObject(value) ? value[kind.tag] : undefined;
  return kind.variants.find(([variant]) => variant === name)?.[1];
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/**
 * The paths of fields that must be filled in and are not. All else is for the server to judge.
 * @param path where the value stands, such as `connector.config`; problems stand below it
 */
export function missingFields(schema: Schema, value: Json | undefined, path: string): string[] {
  const kind = kindOf(schema);
  switch (kind.kind) {
    case 'object': {
      const fields = isJsonObject(value) ? value : {};
      return kind.properties.flatMap(([name, property]) => {
        const at = path === '' ? name : `${path}.${name}`;
        if (isEmpty(fields[name])) return schema.required?.includes(name) ? [at] : [];
        return missingFields(property, fields[name], at);
      });
    }
    case 'tagged': {
      const variant = variantOf(kind, value);
      return variant ? missingFields(variant, value, path) : [`${path}.${kind.tag}`];
    }
    case 'list':
      return Array.isArray(value)
        ? value.flatMap((item, index) => missingFields(kind.items, item, `${path}.${index}`))
        : [];
    default:
      return [];
  }
}

/** What stands at `path` in `value`, such as `connector.config.endpoints.0.path`. */
export function valueAt(value: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((inner, name) => {
    if (Array.isArray(inner)) return (inner as readonly Json[])[Number(name)];
    return isJsonObject(inner) ? inner[name] : undefined;
  }, value);
}
