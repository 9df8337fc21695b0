import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox } from '../../../sandbox/sandbox.ts';
import { pythonExecutor } from './python.ts';
import { attempt } from './run.fixture.ts';

const sandbox = await Sandbox.create();
const python = pythonExecutor({ sandbox, killGraceMs: 300 });
const missing = await attempt(python, { script: 'pass' }).result.then(
  () => undefined,
  (error: Error) => error.message,
);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'python-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await sandbox.close();
});

const check = (name: string, test: () => Promise<void>) =>
  it(name, async (context) => {
    if (missing?.startsWith('there is no Python interpreter')) context.skip('python3 is not installed');
    await test();
  });

describe('a python task', () => {
  check('runs a file of its directory, with arguments', async () => {
    await writeFile(path.join(folder, 'helper.py'), 'def greet(): return "grüße"\n');
    await writeFile(
      path.join(folder, 'main.py'),
      'import sys, os, helper\nprint(sys.argv[1:], os.path.basename(sys.argv[0]), helper.greet())\n',
    );
    const spec = { command: 'main.py', working_directory: folder, arguments: ['--input', 'a b', '中'] };
    const run = attempt(python, spec);
    expect(await run.result).toEqual({ exitCode: 0 });
    expect(run.text('stdout')).toBe("['--input', 'a b', '中'] main.py grüße");
  });

  check('runs an inline script of any size, with arguments', async () => {
    const filler = `# ${'x'.repeat(1000)}\n`.repeat(500);
    const script = `${filler}import sys\nprint(sys.argv[1:], repr(sys.stdin.read()))\nif True:\n    sys.exit(4)\n`;
    const run = attempt(python, { script, arguments: ['one'] });
    await expect(run.result).rejects.toMatchObject({ exitCode: 4, retryable: true });
    expect(run.text('stdout')).toBe("['one'] ''");
  });

  check('shows its lines as they are printed', async () => {
    const run = attempt(python, { script: 'import time\nprint("up")\ntime.sleep(1000)' });
    await run.until('up');
    run.abort('cancel');
    await expect(run.result).rejects.toMatchObject({ reason: 'cancel' });
  });

  check('fails with what it raised', async () => {
    const run = attempt(python, { script: 'raise ValueError("odd")' });
    await expect(run.result).rejects.toThrow('exit code 1: ValueError: odd');
    expect(run.text('stderr')).toContain('Traceback');
  });

  check('without its file fails for good', async () => {
    const run = attempt(python, { command: 'missing.py', working_directory: folder });
    await expect(run.result).rejects.toMatchObject({
      message: `command: there is no file ${path.join(folder, 'missing.py')} on this worker`,
      retryable: false,
    });
  });

  it('without its interpreter fails for good', async () => {
    const run = attempt(python, { script: 'print(1)', python_path: '/opt/no/python9' });
    await expect(run.result).rejects.toMatchObject({
      message: 'there is no Python interpreter /opt/no/python9 on this worker; install it, or set python_path',
      retryable: false,
    });
  });

  it('needs a file or a script, not both', async () => {
    for (const spec of [{}, { command: 'a.py', script: 'pass' }]) {
      await expect(attempt(python, spec).result).rejects.toMatchObject({ name: 'ExecutorError', retryable: false });
    }
  });
});
