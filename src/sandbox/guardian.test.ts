import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { sleep } from '../kernel/clock.ts';
import { listProcesses } from './processes.ts';
import { isAlive, untilGone } from './sandbox.fixture.ts';
import { Sandbox } from './sandbox.ts';
import { TRACKINGS, type Tracking } from './tree.ts';

const WORKER = path.join(import.meta.dirname, 'worker.fixture.ts');

interface Worker {
  readonly process: ChildProcess & { readonly pid: number };
  readonly lines: string[];
  /** Resolves with the pids that its run has told, when there are `count`. */
  pids(count: number): Promise<number[]>;
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const worker of started.splice(0)) worker.kill('SIGKILL');
});

/** A process of its own with a sandbox, running `script`. */
function startWorker(
  tracking: Tracking | 'best',
  script: string,
  more: { uid?: number; processes?: number } = {},
): Worker {
  const { uid, processes } = more;
  const args = ['--import', 'tsx', WORKER, tracking, script, ...(processes === undefined ? [] : [String(processes)])];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  started.push(child);
  const { pid } = child;
  if (pid === undefined) throw new Error('no worker');
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  return {
    process: Object.assign(child, { pid }),
    lines,
    async pids(count) {
      for (;;) {
        const found = lines.flatMap((line) => /^pid (\d+)$/.exec(line)?.[1] ?? []).map(Number);
        if (found.length >= count) return found;
        if (child.exitCode !== null) throw new Error(`the worker ended, saying: ${lines.join('\n')}`);
        await Promise.race([once(reader, 'line'), once(child, 'exit')]);
      }
    },
  };
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** The guardians of a worker. */
function guardiansOf(pid: number): number[] {
  return listProcesses()
    .filter((stat) => stat.parent === pid && commandLine(stat.pid).includes('longshore-guardian'))
    .map((stat) => stat.pid);
}

const possible = new Map<Tracking, string>();
for (const tracking of TRACKINGS) {
  try {
    await (await Sandbox.create({ tracking })).close();
  } catch (error) {
    possible.set(tracking, (error as Error).message);
  }
}

describe.each(TRACKINGS)('when a worker that tracks by %s is killed', (tracking) => {
  const impossible = possible.get(tracking);
  const script = tracking === 'group' ? 'sh -c "$STUBBORN" & eval "$STUBBORN"' : 'eval "$DAEMON"; eval "$STUBBORN"';

  it('its runs die', async (context) => {
    if (impossible) context.skip(impossible);
    const worker = startWorker(tracking, script);
    const pids = await worker.pids(2);
    expect(pids.filter(isAlive)).toHaveLength(2);
    worker.process.kill('SIGKILL');
    await untilGone(pids);
  });

  it('its runs die although its first guardian was killed before', async (context) => {
    if (impossible) context.skip(impossible);
    const worker = startWorker(tracking, script);
    const pids = await worker.pids(2);
    const [first] = guardiansOf(worker.process.pid);
    if (first === undefined) throw new Error('no guardian');
    process.kill(first, 'SIGKILL');
    while (guardiansOf(worker.process.pid).every((pid) => pid === first)) await sleep(5);
    worker.process.kill('SIGKILL');
    await untilGone(pids);
  });
});

// A process group does not tell whose it is.
describe.each(['cgroup', 'marker'] as const)(
  'when a worker that tracks by %s is killed with its guardian',
  (tracking) => {
    it('its runs are ended by the next one', async (context) => {
      const impossible = possible.get(tracking);
      if (impossible) context.skip(impossible);
      const worker = startWorker(tracking, 'eval "$DAEMON"; eval "$STUBBORN"');
      const pids = await worker.pids(2);
      // Stopped, the worker cannot post another guardian before it is killed too.
      worker.process.kill('SIGSTOP');
      for (const pid of guardiansOf(worker.process.pid)) process.kill(pid, 'SIGKILL');
      // Looked at before the worker is gone: then any sandbox that another test makes may be the next one.
      expect(pids.filter(isAlive)).toHaveLength(2);
      worker.process.kill('SIGKILL');
      await once(worker.process, 'exit');
      const next = await Sandbox.create({ tracking });
      expect(pids.filter(isAlive)).toEqual([]);
      await next.close();
    });
  },
);

describe('an ordinary user', () => {
  it('has trees by what /proc shows, and limits of processes by the count of the user', async (context) => {
    if (process.getuid?.() !== 0) context.skip('needs root to become another user');
    const script = 'for n in 1 2 3 4 5 6 7 8; do sleep 1000 & done; eval "$DAEMON"';
    // A user of its own: the processes of a database server that runs as nobody come and go, and would count too.
    const worker = startWorker('best', script, { uid: 65_533, processes: 4 });
    // Not its exit, which its last lines may come after.
    await once(worker.process, 'close');
    expect(worker.lines).toContain('tracking marker');
    expect(worker.lines.join('\n')).toMatch(/fork/i);
    expect(worker.lines.at(-1)).toBe('ended {"exitCode":2,"exitSignal":null}');
  });
});
