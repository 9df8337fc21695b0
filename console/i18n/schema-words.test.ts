import { expect, test } from 'vitest';
import { Connector } from '../../src/areas/datasync/executor/spec/connectors.ts';
import { DestinationSpec } from '../../src/areas/datasync/executor/spec/destinations.ts';
import { Transformations } from '../../src/areas/datasync/executor/transforms/spec.ts';
import type { Schema } from '../ui/schema-form/schema.ts';
import { enSchema } from './en-schema.ts';
import { zhCNSchema } from './zh-CN-schema.ts';

interface Field {
  readonly owner: string | undefined;
  readonly name: string;
  readonly schema: Schema;
}

/** Every field of every object in a schema. */
function fieldsOf(schema: Schema): Field[] {
  const own = Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    owner: schema.title,
    name,
    schema: field,
  }));
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...Object.values(schema.patternProperties ?? {}),
    ...(schema.oneOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.items ? [schema.items] : []),
  ];
  return [...own, ...inner.flatMap(fieldsOf)];
}

const schemas = JSON.parse(JSON.stringify([Connector, Transformations, DestinationSpec])) as Schema[];
const fields = schemas.flatMap(fieldsOf);

test('every field and type of what jobs are made of has a name', () => {
  expect(fields.length).toBeGreaterThan(100);
  const unnamed = fields.map(({ name }) => name).filter((name) => !(name in enSchema.fields));
  const types = fields.flatMap(({ schema }) => (schema.const === undefined ? [] : [String(schema.const)]));
  expect(unnamed).toEqual([]);
  expect(types.filter((type) => !(type in enSchema.values))).toEqual([]);
});

test('what the server explains in English is explained in Chinese too', () => {
  const { hints } = zhCNSchema;
  const unexplained = fields.filter(
    ({ owner, name, schema }) =>
      schema.description !== undefined &&
      schema.const === undefined &&
      !(`${owner}.${name}` in hints) &&
      !(name in hints),
  );
  expect(unexplained.map(({ owner, name }) => `${owner}.${name}`)).toEqual([]);
});
