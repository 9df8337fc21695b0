import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AttemptAborted } from '../protocol/executor.ts';
import { isAlive, startRun, untilGone } from './sandbox.fixture.ts';
import { Sandbox } from './sandbox.ts';
import { LaunchError } from './supervise.ts';
import { TRACKINGS } from './tree.ts';

const possible = new Map<string, Sandbox | Error>();
for (const tracking of TRACKINGS) {
  possible.set(tracking, await Sandbox.create({ tracking }).catch((error: Error) => error));
}
afterAll(async () => {
  for (const sandbox of possible.values()) if (sandbox instanceof Sandbox) await sandbox.close();
});

describe.each(TRACKINGS)('a command tracked by %s', (tracking) => {
  const made = possible.get(tracking);
  let sandbox: Sandbox;
  beforeAll(() => {
    if (made instanceof Sandbox) sandbox = made;
  });
  const check = (name: string, test: () => Promise<void>) =>
    it(name, async (context) => {
      if (made instanceof Error) context.skip(made.message);
      await test();
    });
  const catchesDaemons = tracking !== 'group';

  check('tells its exit code, or the signal that ended it', async () => {
    expect(await startRun(sandbox, 'exit 0').ended).toEqual({ exitCode: 0, exitSignal: null });
    expect(await startRun(sandbox, 'exit 137').ended).toEqual({ exitCode: 137, exitSignal: null });
    expect(await startRun(sandbox, 'kill -KILL $$').ended).toEqual({ exitCode: null, exitSignal: 'SIGKILL' });
    expect(await startRun(sandbox, 'kill -SEGV $$').ended).toEqual({ exitCode: null, exitSignal: 'SIGSEGV' });
  });

  check('shows its output live, by stream', async () => {
    const run = startRun(sandbox, 'echo one; printf three; echo two >&2; sleep 1000');
    await run.until(() => run.lines.length === 2);
    expect(run.text('stdout')).toBe('one');
    expect(run.text('stderr')).toBe('two');
    run.abort(new AttemptAborted('cancel'));
    await expect(run.ended).rejects.toThrow('attempt ended: cancel');
    expect(run.text('stdout')).toBe('one\nthree');
  });

  check('and everything that it started is gone when an abort is answered', async () => {
    const daemons = catchesDaemons ? 'eval "$DAEMON"; eval "$DAEMON";' : '';
    const run = startRun(sandbox, `${daemons} sh -c "$STUBBORN" & eval "$STUBBORN"`);
    await run.until(() => run.pids().length === (catchesDaemons ? 4 : 2));
    expect(run.pids().filter(isAlive)).toHaveLength(run.pids().length);
    run.abort(new AttemptAborted('timeout'));
    await expect(run.ended).rejects.toMatchObject({ reason: 'timeout' });
    expect(run.pids().filter(isAlive)).toEqual([]);
  });

  check('may end by itself within the grace', async () => {
    const run = startRun(sandbox, `trap 'echo tidied; exit 0' TERM; echo up; while :; do sleep 0.05; done`, {
      graceMs: 1_000_000,
    });
    await run.until(() => run.text() === 'up');
    run.abort(new AttemptAborted('cancel'));
    await expect(run.ended).rejects.toMatchObject({ reason: 'cancel' });
    expect(run.text('stdout')).toBe('up\ntidied');
  });

  check('gets no grace when the run is lost', async () => {
    const run = startRun(sandbox, 'eval "$STUBBORN"', { graceMs: 1_000_000 });
    await run.until(() => run.pids().length === 1);
    run.abort(new AttemptAborted('lost'));
    await expect(run.ended).rejects.toMatchObject({ reason: 'lost' });
    expect(run.pids().filter(isAlive)).toEqual([]);
  });

  check('does not begin when the signal has aborted already', async () => {
    const run = startRun(sandbox, 'echo begun');
    run.abort(new AttemptAborted('drain'));
    await expect(run.ended).rejects.toMatchObject({ reason: 'drain' });
    expect(run.lines).toEqual([]);
  });

  check('leaves no process behind, and says so', async () => {
    const run = startRun(
      sandbox,
      `${catchesDaemons ? 'eval "$DAEMON"' : 'sh -c "$STUBBORN" &'}
      sleep 0.3; exit 4`,
    );
    expect(await run.ended).toEqual({ exitCode: 4, exitSignal: null });
    expect(run.pids().filter(isAlive)).toEqual([]);
    expect(run.notices.join()).toMatch(/^the command left (a process|\d+ processes) behind; ended$/);
  });

  check('may open its output again, as files', async () => {
    const run = startRun(sandbox, 'echo out > /dev/stdout; echo err > /dev/stderr; echo both | tee /dev/stderr');
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    expect(run.text('stdout')).toBe('out\nboth');
    expect(run.text('stderr')).toBe('err\nboth');
  });

  check('reads its input to the end, or nothing', async () => {
    const none = startRun(sandbox, '', { file: 'cat', args: [] });
    expect(await none.ended).toMatchObject({ exitCode: 0 });
    expect(none.text()).toBe('');
    const input = '中文\n'.repeat(50_000);
    const counted = startRun(sandbox, 'wc -c', { input });
    await counted.ended;
    expect(Number(counted.text())).toBe(Buffer.byteLength(input));
  });

  check('that is not there, or whose directory is not, is refused', async () => {
    const missing = startRun(sandbox, '', { file: 'no-such-program', args: [] });
    await expect(missing.ended).rejects.toMatchObject({
      notFound: true,
      message: 'there is no program no-such-program',
    });
    const nowhere = startRun(sandbox, 'true', { workingDirectory: '/no/such/directory' });
    await expect(nowhere.ended).rejects.toThrow(LaunchError);
  });

  check('is limited as it is wished', async () => {
    const limits = { openFiles: 42, fileSizeMb: 1, memoryMb: 256, cpuSeconds: 1 };
    const shown = startRun(sandbox, 'ulimit -n; ulimit -f; ulimit -v; ulimit -t', { limits });
    await shown.ended;
    expect(shown.text().split('\n').map(Number)).toEqual([42, 2048, 256 * 1024, 1]);
    expect(await startRun(sandbox, 'while :; do :; done', { limits }).ended).toMatchObject({ exitSignal: 'SIGXCPU' });
    expect(
      await startRun(sandbox, 'exec cat /dev/zero > big', { limits, workingDirectory: scratch }).ended,
    ).toMatchObject({
      exitSignal: 'SIGXFSZ',
    });
    await expect(startRun(sandbox, 'true', { limits: { openFiles: 2 ** 40 } }).ended).rejects.toThrow(/NOFILE/);
  });

  check('does not need more memory the more it says', async () => {
    let bytes = 0;
    const before = process.memoryUsage().rss;
    await sandbox.run(
      { file: 'sh', args: ['-c', `head -c 50000000 /dev/zero | tr '\\0' x; yes 'a line' | head -c 50000000`] },
      {
        signal: new AbortController().signal,
        graceMs: 300,
        secrets: ['a secret that is not in it'],
        onLine: (_stream, line) => {
          bytes += Buffer.byteLength(line);
        },
        onNotice: () => {},
      },
    );
    // All but the line breaks.
    expect(bytes).toBeGreaterThan(50_000_000 + 50_000_000 * (6 / 7) - 10);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  check('leaves no file behind', async () => {
    vi.stubEnv('TMPDIR', scratch);
    try {
      await Promise.all([1, 2, 3].map((n) => startRun(sandbox, `exit ${n}`, { input: 'x' }).ended));
      expect((await readdir(scratch)).filter((name) => name.startsWith('longshore-'))).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'sandbox-test-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('what only a cgroup can do', () => {
  const check = (name: string, test: (sandbox: Sandbox) => Promise<void>, needs: 'cgroup' | 'counting' = 'cgroup') =>
    it(name, async (context) => {
      const made = possible.get('cgroup');
      if (!(made instanceof Sandbox)) return context.skip(made?.message);
      if (needs === 'counting' && made.capabilities.limits.processes !== 'tree') {
        return context.skip('processes are not counted by cgroup here');
      }
      await test(made);
    });

  check('catch a process that left everything else behind', async (sandbox) => {
    const run = startRun(sandbox, 'eval "$HIDDEN"; sleep 1000');
    await run.until(() => run.pids().length === 1);
    run.abort(new AttemptAborted('cancel'));
    await expect(run.ended).rejects.toThrow();
    expect(run.pids().filter(isAlive)).toEqual([]);
  });

  check(
    'hold a fork bomb',
    async (sandbox) => {
      const run = startRun(sandbox, 'bomb() { bomb | bomb; }; bomb', { limits: { processes: 30 } });
      // What the shell says when fork fails.
      await run.until(() => /fork|process/i.test(run.text('stderr')));
      run.abort(new AttemptAborted('cancel'));
      await expect(run.ended).rejects.toThrow();
    },
    'counting',
  );

  check(
    'let a tree have as many processes as it may, and not one more',
    async (sandbox) => {
      const script = 'for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1000 & echo pid $!; done';
      const run = startRun(sandbox, script, { limits: { processes: 8 } });
      expect(await run.ended).toMatchObject({ exitCode: 2 });
      expect(run.pids()).toHaveLength(7);
    },
    'counting',
  );
});

describe('a process group', () => {
  it('that a process escaped from, with the pipe, does not hold the run up', async () => {
    const sandbox = possible.get('group');
    if (!(sandbox instanceof Sandbox)) throw sandbox;
    const script = `trap 'echo over; exit 0' USR1; echo main $$; eval "$DAEMON"; while :; do sleep 0.05; done`;
    const run = startRun(sandbox, script);
    // Until it has told its pid it may still be on its way out of the group.
    await run.until(() => run.pids().length === 1 && /^main \d+$/m.test(run.text()));
    process.kill(Number(/^main (\d+)$/m.exec(run.text())?.[1]), 'SIGUSR1');
    expect(await run.ended).toMatchObject({ exitCode: 0 });
    expect(run.text()).toContain('over');
    const [escaped] = run.pids();
    if (escaped === undefined) throw new Error('it did not tell its pid');
    process.kill(-escaped, 'SIGKILL');
    await untilGone([escaped]);
  });
});
