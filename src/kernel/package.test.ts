import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot, packageVersion } from './package.ts';

it('finds the folder that holds what is read at run time', () => {
  expect(existsSync(path.join(packageRoot, 'src/store/migrations'))).toBe(true);
});

it('knows its version', () => {
  expect(packageVersion).toMatch(/^\d+\.\d+\.\d+/);
});
