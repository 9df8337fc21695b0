import { expect, test } from 'vitest';
import { conflictFields, shownValue, typedValue } from './conflict-rows.ts';

test('columns that differ come first; one that only one side has does not differ', () => {
  const fields = conflictFields({
    base: { id: 1, name: 'a' },
    source: { id: 1, name: 'b', extra: true },
    target: { id: 1, name: 'c' },
  });
  expect(fields.map(({ name, differs }) => [name, differs])).toEqual([
    ['name', true],
    ['id', false],
    ['extra', false],
  ]);
  expect(fields[0]).toMatchObject({ base: 'a', source: 'b', target: 'c' });
});

test.each([
  ['12', 1, 12],
  ['12', '1', '12'],
  ['null', 1, null],
  ['{"a":1}', null, { a: 1 }],
  ['no json', 1, 'no json'],
])('%s typed over %j is %j', (text, before, value) => {
  expect(typedValue(text, before)).toEqual(value);
});

test('texts are shown without quotes', () => {
  expect([shownValue('a'), shownValue(1), shownValue(null), shownValue(undefined)]).toEqual(['a', '1', 'null', '']);
});
