import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError, ERROR_CATALOGUE, invalidField } from './errors.ts';
import { packageRoot } from './package.ts';

describe('the catalogue of errors', () => {
  it('is what docs/errors.md says, in both directions', () => {
    const page = readFileSync(path.join(packageRoot, 'docs/errors.md'), 'utf8');
    const documented = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (.+) \|$/gm)].map(([, code, status, title]) => ({
      code,
      status: Number(status),
      title,
    }));
    const known = Object.entries(ERROR_CATALOGUE).map(([code, entry]) => ({ code, ...entry }));
    expect(documented).toEqual(known);
  });

  it('keeps the cause apart from what is public', () => {
    const error = new AppError('internal', 'public', { cause: new Error('secret') });
    expect(error).toMatchObject({ status: 500, message: 'public' });
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it('names the field', () => {
    expect(invalidField('timeout_seconds', 'must be at least 1')).toMatchObject({
      code: 'validation',
      message: 'timeout_seconds: must be at least 1',
      details: [{ field: 'timeout_seconds', message: 'must be at least 1' }],
    });
  });
});
