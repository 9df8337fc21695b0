import { afterAll, describe, expect, it } from 'vitest';
import { Sandbox } from '../../../sandbox/sandbox.ts';
import { attempt } from './run.fixture.ts';
import { shellExecutor } from './shell.ts';

const sandbox = await Sandbox.create();
afterAll(() => sandbox.close());
const shell = shellExecutor({ sandbox, killGraceMs: 300 });

describe('a shell task', () => {
  it('succeeds with exit code 0; its output is its log', async () => {
    const run = attempt(shell, { command: 'echo 你好; echo careful >&2' });
    expect(await run.result).toEqual({ exitCode: 0 });
    expect(run.lines).toContainEqual({ level: 'info', message: '你好', stream: 'stdout' });
    expect(run.lines).toContainEqual({ level: 'warning', message: 'careful', stream: 'stderr' });
  });

  it('fails with any other, to be tried again, and says the last it heard', async () => {
    await expect(attempt(shell, { command: 'echo no such table >&2; exit 3' }).result).rejects.toMatchObject({
      name: 'ExecutorError',
      message: 'the command ended with exit code 3: no such table',
      exitCode: 3,
      retryable: true,
    });
  });

  it('fails by a signal with its name', async () => {
    await expect(attempt(shell, { command: 'kill -TERM $$' }).result).rejects.toMatchObject({
      exitSignal: 'SIGTERM',
      exitCode: undefined,
    });
    const spent = attempt(shell, { command: 'while :; do :; done', limits: { cpu_seconds: 1 } });
    await expect(spent.result).rejects.toThrow('the command was ended by SIGXCPU: its CPU seconds were used up');
  });

  it('is ended with the reason of the abort', async () => {
    const run = attempt(shell, { command: `trap '' TERM; echo up; while :; do sleep 0.1; done` });
    await run.until('up');
    run.abort('timeout');
    await expect(run.result).rejects.toMatchObject({ name: 'AttemptAborted', reason: 'timeout' });
  });

  it('runs in its directory, with its variables over few of ours, and knows its run', async () => {
    process.env.DATABASE_URL ??= 'postgresql://only-for-this-test';
    const run = attempt(shell, {
      command: 'pwd; env',
      working_directory: '/',
      environment: { GREETING: 'hello', PATH: '/usr/bin:/bin' },
    });
    await run.result;
    const [directory, ...variables] = run.text('stdout').split('\n');
    expect(directory).toBe('/');
    expect(variables).toEqual(
      expect.arrayContaining(['GREETING=hello', 'PATH=/usr/bin:/bin', 'LONGSHORE_RUN_ID=7', 'LONGSHORE_ATTEMPT=1']),
    );
    const names = variables.map((line) => line.split('=')[0] ?? '');
    const allowed =
      /^(GREETING|PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|USER|LOGNAME|SHELL|PWD|OLDPWD|_|SHLVL|LONGSHORE_(RUN|RUN_ID|ATTEMPT|IDEMPOTENCY_KEY))$/;
    expect(names.filter((name) => !allowed.test(name))).toEqual([]);
  });

  it('does not show its secrets', async () => {
    const run = attempt(shell, {
      command: 'echo "token is $API_TOKEN; $STORE; $HOOK; $MIRROR; $AUTH_ENABLED"; echo "$API_TOKEN" >&2; exit 1',
      environment: {
        API_TOKEN: 't0ps3cret',
        STORE: 'postgres://me:hunter22@db/x',
        HOOK: 'https://example.com/?token=t0k3nt0k3n&to=me',
        MIRROR: 'https:///us3rt0k3n@example.com',
        AUTH_ENABLED: 'true',
      },
    });
    await expect(run.result).rejects.toThrow('exit code 1: ***');
    expect(run.text()).toBe(
      'token is ***; postgres://me:***@db/x; https://example.com/?token=***&to=me; https:///***@example.com; true\n***',
    );
  });

  it('may be longer than an argument can be', async () => {
    const filler = `: ${'x'.repeat(1000)}\n`.repeat(900);
    const run = attempt(shell, { command: `${filler}echo "end $0"; cat\nexit 5\n` });
    await expect(run.result).rejects.toMatchObject({ exitCode: 5 });
    expect(run.text()).toBe('end /bin/sh');
  });

  it('without its directory fails for good', async () => {
    await expect(attempt(shell, { command: 'true', working_directory: '/no/such' }).result).rejects.toMatchObject({
      message: 'working_directory: there is no directory /no/such on this worker',
      retryable: false,
    });
  });

  it('that this version does not understand fails for good', async () => {
    const spec = { command: 'true', nice: 10 };
    await expect(attempt(shell, spec).result).rejects.toMatchObject({ name: 'ExecutorError', retryable: false });
  });
});
