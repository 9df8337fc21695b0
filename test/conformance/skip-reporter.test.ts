import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';

const STRICT = { CI: 'true', LONGSHORE_CI_STRICT: '1' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longshore-tally-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `skips` has a test that passes, three that are skipped with a reason, and one without; `broken` a hook that fails. */
async function runFixture(fixture: string, env: Record<string, string>): Promise<{ code: unknown; output: string }> {
  const { VITEST: _, ...outside } = process.env;
  const child = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', fixture, '--config', 'test/conformance/skip-fixture/vitest.config.ts'],
    {
      env: { ...outside, CI: '', LONGSHORE_CI_STRICT: '', LONGSHORE_TEST_TALLY: '', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { code, output };
}

it('tells every skip and its reason, and passes on a developer machine', async () => {
  const { code, output } = await runFixture('skips', {});
  expect(output).toContain('Skipped 1: the server is not installed');
  expect(output).toContain('needs a server');
  expect(output).toContain('Skipped 1: the disk is not mounted');
  expect(output).toContain('Skipped 1: needs a voice');
  expect(output).toContain('Skipped 1: no reason given');
  expect(code).toBe(0);
});

it('refuses skips where everything is installed, and counts them as failures', async () => {
  const tally = path.join(folder, 'tally');
  const { code, output } = await runFixture('skips', { ...STRICT, LONGSHORE_TEST_TALLY: tally });
  expect(output).toContain('4 skipped for want of what CI installs');
  expect(code).toBe(1);
  expect((await readFile(tally, 'utf8')).split('\n')).toEqual([
    '1 4',
    expect.stringMatching(/^! 1 skipped: the server is not installed/),
    expect.stringMatching(/^! 1 skipped: /),
    expect.stringMatching(/^! 1 skipped: /),
    expect.stringMatching(/^! 1 skipped: /),
    '',
  ]);
});

it('takes what a failed hook kept from running for its failure, not for a skip', async () => {
  const tally = path.join(folder, 'broken');
  const { code, output } = await runFixture('broken', { ...STRICT, LONGSHORE_TEST_TALLY: tally });
  expect(output).not.toContain('Skipped');
  expect(code).toBe(1);
  expect(await readFile(tally, 'utf8')).toBe(
    '0 1\n! test/conformance/skip-fixture/broken.case.ts > a folder whose preparation fails: no server\n',
  );
});
