import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { checkTransforms } from './compile.ts';
import { Transformations } from './spec.ts';

const schema = Compile(Transformations);

test("the contract's example fits", () => {
  const spec = [{ type: 'field_mapping', config: { mappings: { customer_id: 'id', customer_name: 'name' } } }];
  expect(schema.Check(spec)).toBe(true);
  expect(checkTransforms(spec as Transformations)).toEqual([]);
});

test('each kind fits with all its options', () => {
  const spec = [
    { type: 'field_mapping', config: { mappings: { '/a/b': 'id' }, drop_unmapped: true } },
    {
      type: 'type_conversion',
      config: { fields: { a: 'integer', b: { type: 'date', format: '%Y', timezone: 'UTC', on_error: 'keep' } } },
    },
    { type: 'value_transform', config: { op: 'mask', fields: ['phone'], keep_first: 3, keep_last: 4 } },
    { type: 'value_transform', config: { op: 'hash', field: 'mail', salt: 'pepper' } },
    { type: 'filter', config: { expression: 'a > 1' } },
    { type: 'computed', config: { field: 'x', expression: 'a * 2', on_error: 'null' } },
    { type: 'flatten', config: { fields: ['a'], separator: '.', max_depth: 3, arrays: 'indexed' } },
    { type: 'dedupe', config: { fields: ['id'], keep: 'last' } },
    {
      type: 'validation',
      config: {
        rules: [{ rule: 'enum', field: 'a', value: ['x', null], on_fail: 'default', default: 'x', message: 'm' }],
      },
    },
  ];
  expect([...schema.Errors(spec)]).toEqual([]);
  expect(checkTransforms(spec as Transformations)).toEqual([]);
});

test.each([
  [[{ type: 'sorcery', config: {} }]],
  [[{ type: 'filter', config: { expression: 'a', other: 1 } }]],
  [[{ type: 'filter', config: {} }]],
  [[{ type: 'filter', config: { expression: 'a'.repeat(10_001) } }]],
  [[{ type: 'value_transform', config: { op: 'explode', field: 'a' } }]],
  [[{ type: 'value_transform', config: { op: 'trim', field: 'a', salt: 'x' } }]],
  [[{ type: 'type_conversion', config: { fields: { a: 'float' } } }]],
  [[{ type: 'field_mapping', config: { mappings: {} } }]],
  [[{ type: 'validation', config: { rules: [{ rule: 'min', field: 'a' }] } }]],
  [Array.from({ length: 51 }, () => ({ type: 'filter', config: { expression: 'a' } }))],
])('%#: what is none of them does not fit', (spec) => {
  expect(schema.Check(spec)).toBe(false);
});
