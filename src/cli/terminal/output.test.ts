import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Format, Output, type Screen } from './output.ts';

function screen(terminal: boolean): Screen & { text(): string } {
  const stream = new PassThrough();
  return Object.assign(stream, {
    isTTY: terminal,
    columns: 80,
    hasColors: () => terminal,
    text: () => String(stream.read() ?? ''),
  });
}

function make(format: Format, options: { terminal?: boolean; color?: boolean } = {}) {
  const stdout = screen(options.terminal ?? false);
  const stderr = screen(options.terminal ?? false);
  return { out: new Output({ format, stdout, stderr, color: options.color ?? true }), stdout, stderr };
}

const rows = [{ id: 1, name: 'first' }];
const columns = [{ header: 'NAME', value: (row: { name: string }) => row.name }];

it('writes the things themselves as JSON and as YAML', () => {
  const json = make('json');
  json.out.list(rows, columns);
  expect(JSON.parse(json.stdout.text())).toEqual(rows);
  const yaml = make('yaml');
  yaml.out.list(rows, columns);
  expect(parse(yaml.stdout.text())).toEqual(rows);
});

it('answers an empty list with an empty list for programs, and with a remark for people', () => {
  const json = make('json');
  json.out.list([], columns);
  expect(JSON.parse(json.stdout.text())).toEqual([]);
  const table = make('table');
  table.out.list([], columns, { empty: 'No tasks.' });
  expect([table.stdout.text(), table.stderr.text()]).toEqual(['', 'No tasks.\n']);
});

it('colours on a terminal alone, and not when told not to', () => {
  const text = (options: { terminal: boolean; color: boolean }) => {
    const { out, stdout } = make('table', options);
    out.list(rows, columns);
    return stdout.text();
  };
  expect(text({ terminal: true, color: true })).toContain('\u001b[1m');
  expect(text({ terminal: true, color: false })).toBe('NAME\nfirst\n');
  expect(text({ terminal: false, color: true })).toBe('NAME\nfirst\n');
});
