import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { SyncJob } from '../../../api/sync-model.ts';
import { changeOf, definitionOf, NEW_JOB, parseBody } from './job-body.ts';
import { emptied, JOB_SETTINGS } from './job-settings.ts';

const document = JSON.parse(
  readFileSync(new URL('../../../../docs/openapi/datasync.json', import.meta.url), 'utf8'),
) as { components: { schemas: Record<string, { properties: Record<string, unknown>; required: string[] }> } };
const { SyncJobCreate, SyncJobItem } = document.components.schemas;

test('the form has every field that the API takes', () => {
  const elsewhere = ['name', 'description', 'enabled', 'schedule', 'connector', 'transformations', 'destination'];
  const here = [...elsewhere, ...Object.keys(JOB_SETTINGS.properties ?? {})];
  expect(Object.keys(SyncJobCreate?.properties ?? {}).sort()).toEqual(here.sort());
  expect(Object.keys(NEW_JOB)).toEqual(expect.arrayContaining(SyncJobCreate?.required ?? ['?']));
});

test('every setting can be emptied', () => {
  for (const name of Object.keys(JOB_SETTINGS.properties ?? {})) expect(emptied(name), name).toBeDefined();
});

test("a job's definition is what would create it, less what says how it is", () => {
  const state = Object.fromEntries(Object.keys(SyncJobItem?.properties ?? {}).map((name) => [name, null]));
  const definition = { name: 'a', connector: {}, destination: {}, enabled: true, tags: ['x'], batch_size: 5 };
  const job = { ...state, ...definition, updated_at: '' } as unknown as SyncJob;
  expect(definitionOf(job)).toEqual(definition);
});

test('a change holds what differs; what was emptied goes back to its default', () => {
  const before = { name: 'a', connector: { type: 'file' }, batch_size: 5, tags: ['x'], max_errors: null };
  expect(changeOf(before, before)).toEqual({});
  expect(changeOf(before, { name: 'b', connector: { type: 'file' }, max_errors: null, tags: ['x'] })).toEqual({
    name: 'b',
    batch_size: 10_000,
  });
  const { tags: _, ...untagged } = before;
  expect(changeOf(before, untagged)).toEqual({ tags: [] });
});

test.each(['[]', '1', 'null', '{'])('%s is no body', (text) => {
  expect(() => parseBody(text)).toThrow();
});
