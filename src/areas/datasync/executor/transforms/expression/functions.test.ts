import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FUNCTIONS } from './functions.ts';

test('the docs show every function, and none that is not there', () => {
  const docs = readFileSync(new URL('../../../../../../docs/transformations.md', import.meta.url), 'utf8');
  const table = docs.slice(docs.indexOf('| functions |'), docs.indexOf('**Bounds.**'));
  const documented = [...table.matchAll(/`([a-z_]+)\([^`]*\)`/g)].map(([, name]) => name);
  expect(new Set(documented)).toEqual(new Set([...FUNCTIONS.keys(), 'coalesce', 'if']));
});
