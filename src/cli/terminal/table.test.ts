import { expect, it } from 'vitest';
import { type Column, renderTable } from './table.ts';
import { displayWidth, printable } from './width.ts';

interface Row {
  id: number;
  name: unknown;
}
const columns: Column<Row>[] = [
  { header: 'ID', value: (row) => row.id, align: 'right' },
  { header: 'NAME', value: (row) => row.name },
];

it('aligns columns and cuts nothing off where there is no terminal', () => {
  const long = 'x'.repeat(300);
  const rows = [
    { id: 7, name: 'short' },
    { id: 1234, name: long },
  ];
  expect(renderTable(rows, columns, { width: undefined })).toBe(`  ID  NAME\n   7  short\n1234  ${long}`);
});

it('fits a terminal by cutting the widest column, and marks the cut', () => {
  const table = renderTable([{ id: 1234, name: 'y'.repeat(100) }], columns, { width: 30 });
  expect(table.split('\n').map(displayWidth)).toEqual([10, 30]);
  expect(table).toContain('1234  ');
  expect(table.endsWith('y…')).toBe(true);
});

it('counts wide characters as the two columns that they take', () => {
  const rows = [
    { id: 1, name: '数据同步' },
    { id: 2, name: 'e\u0301🚢' },
  ];
  const table = renderTable(rows, [columns[1] as Column<Row>, columns[0] as Column<Row>], { width: undefined });
  expect(table.split('\n').map(displayWidth)).toEqual([12, 12, 12]);
});

it.each([
  [null, '-'],
  [[], '-'],
  [['a', 'b'], 'a, b'],
  [{ a: 1 }, '{"a":1}'],
  [false, 'false'],
  [0, '0'],
])('shows %j as %s', (value, text) => {
  expect(renderTable([{ id: 1, name: value }], columns, { width: undefined }).split('\n')[1]).toBe(` 1  ${text}`);
});

it('lets nothing through that acts on the terminal', () => {
  expect(printable('\u001b[31mred\u001b[0m\u001b]0;title\u0007 two\r\nlines\u202e\u009b2J')).not.toMatch(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    /[\u0000-\u001f\u007f-\u009f\u202e]/,
  );
});
