import { expect, test } from 'vitest';
import { Connector } from '../../../src/areas/datasync/executor/spec/connectors.ts';
import { DestinationSpec } from '../../../src/areas/datasync/executor/spec/destinations.ts';
import { Transformations } from '../../../src/areas/datasync/executor/transforms/spec.ts';
import { kindOf, missingFields, newValue, type Schema, valueAt } from './schema.ts';

/** As a client gets them. */
const received = (schema: unknown) => JSON.parse(JSON.stringify(schema)) as Schema;
const connector = received(Connector);
const destination = received(DestinationSpec);
const steps = received(Transformations);

function variant(schema: Schema, name: string): Schema {
  const kind = kindOf(schema);
  const found = kind.kind === 'tagged' ? kind.variants.find(([one]) => one === name) : undefined;
  if (!found) throw new Error(`no variant ${name}`);
  return found[1];
}

const property = (schema: Schema, ...names: string[]) =>
  names.reduce<Schema>((inner, name) => inner.properties?.[name] ?? {}, schema);

test("every kind of field of the server's schemas is known", () => {
  const rest = property(variant(connector, 'rest_api'), 'config');
  expect(kindOf(property(rest, 'auth')).kind).toBe('tagged');
  expect(kindOf(property(rest, 'headers')).kind).toBe('map');
  expect(kindOf(property(rest, 'endpoints')).kind).toBe('list');
  expect(kindOf(property(rest, 'max_retries'))).toEqual({ kind: 'number', integer: true });
  expect(kindOf(property(variant(property(rest, 'auth'), 'bearer'), 'token')).kind).toBe('secret');
  const file = property(variant(connector, 'file'), 'config');
  expect(kindOf(property(file, 'sheet'))).toEqual({ kind: 'scalar', types: ['string', 'number'] });
  expect(kindOf(property(file, 'format'))).toMatchObject({ kind: 'choice', values: expect.arrayContaining(['csv']) });
  expect(kindOf(property(destination, 'nothing')).kind).toBe('json');
});

test('a new value has what it cannot be without', () => {
  expect(newValue(connector)).toEqual({ type: 'rest_api', config: { endpoints: [{}] } });
  expect(newValue(variant(kindOfItems(steps), 'value_transform'))).toEqual({
    type: 'value_transform',
    config: { op: 'trim' },
  });
  expect(newValue(variant(kindOfItems(steps), 'field_mapping'))).toEqual({
    type: 'field_mapping',
    config: { mappings: {} },
  });
});

function kindOfItems(schema: Schema): Schema {
  const kind = kindOf(schema);
  return kind.kind === 'list' ? kind.items : {};
}

test('what has to be filled in is named by its path', () => {
  const value = { type: 'rest_api', config: { endpoints: [{ path: '/a' }, { path: '' }], auth: { type: 'bearer' } } };
  expect(missingFields(connector, value, 'connector')).toEqual([
    'connector.config.base_url',
    'connector.config.auth.token',
    'connector.config.endpoints.1.path',
  ]);
  expect(missingFields(connector, { config: {} }, 'connector')).toEqual(['connector.type']);
  expect(missingFields(destination, { type: 'database', table: 't' }, 'destination')).toEqual([]);
});

test('a path leads through objects and lists', () => {
  const value = { a: [{ b: 1 }], c: null };
  expect(valueAt(value, 'a.0.b')).toBe(1);
  expect([valueAt(value, 'a.1.b'), valueAt(value, 'c.d'), valueAt(value, 'x')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
