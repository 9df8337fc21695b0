import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseFields, parseManifest } from './parse.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longshore-manifest-'));
  await writeFile(path.join(folder, 'script.py'), 'print(1)\n');
});
afterAll(() => rm(folder, { recursive: true }));

const origin = () => ({ origin: 'tasks.yaml', folder, server: 'http://127.0.0.1:8080' });
const parse = (text: string) => parseManifest(text, origin());

it('reads every document, and skips empty ones', () => {
  const documents = parse('task:\n  name: one\n---\ntask:\n  name: two\n  executor: shell\n---\n');
  expect(documents.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(documents[1]?.fields).toEqual({ name: 'two', executor: 'shell' });
});

it('takes values from files and from the server', () => {
  const [document] = parse(
    'task:\n  name: a\n  script: !file script.py\n  arguments: [!path data.csv]\n  url: !server /api/health\n',
  );
  expect(document?.fields).toEqual({
    name: 'a',
    script: 'print(1)\n',
    arguments: [path.join(folder, 'data.csv')],
    url: 'http://127.0.0.1:8080/api/health',
  });
});

it('tells tasks, sync jobs and webhooks apart', () => {
  const documents = parse('sync_job:\n  name: a\n---\nwebhook:\n  name: b\n  source: c\n');
  expect(documents.map(({ kind, fields }) => [kind, fields])).toEqual([
    ['sync_job', { name: 'a' }],
    ['webhook', { name: 'b', source: 'c' }],
  ]);
});

it('takes the fields of one thing with and without what it is, as YAML and as JSON', () => {
  const fields = { name: 'a', url: 'http://127.0.0.1:8080/x' };
  for (const text of ['name: a\nurl: !server /x\n', 'sync_job: {name: a, url: !server /x}\n']) {
    expect(parseFields(text, origin(), 'sync_job')).toEqual(fields);
  }
  expect(parseFields(JSON.stringify(fields), origin(), 'sync_job')).toEqual(fields);
  for (const text of ['', '- a', 'name: a\n---\nname: b\n', 'sync_job: a\n']) {
    expect(() => parseFields(text, origin(), 'sync_job')).toThrow(/^tasks\.yaml: must hold one "sync_job:"/);
  }
});

it.each([
  ['a list', '- task\n'],
  ['two things in one document', 'task:\n  name: a\nother: {}\n'],
  ['an unknown thing', 'jbo:\n  name: a\n'],
  ['a task without a name', 'task:\n  executor: shell\n'],
  ['a file that is not there', 'task:\n  name: a\n  script: !file nothing.py\n'],
  ['an address that is no path', 'task:\n  name: a\n  url: !server nothing\n'],
  ['an unknown tag', 'task:\n  name: a\n  url: !serve /x\n'],
  ['a key twice', 'task:\n  name: a\n  name: b\n'],
  ['what is no YAML', 'task: [\n'],
])('refuses %s and names the file', (_what, text) => {
  expect(() => parse(text)).toThrow(/^tasks\.yaml/);
});

it('names the document among several', () => {
  expect(() => parse('task:\n  name: a\n---\ntask: 1\n')).toThrow(/^tasks\.yaml, document 2/);
});
