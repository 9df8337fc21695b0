import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import type { RunView } from '../../src/cli/remote/runs.ts';
import { startTestServer, type TestServer } from '../support/api-server.ts';
import { Longshore } from '../support/longshore.ts';
import { eventually } from '../support/serving.ts';

/*
 * A shell task that does all it can to outlive its run, ended through the API by a worker process: whoever reads that
 * the run has ended may rely on it that none of its processes lives.
 */

const GRACE_SECONDS = 1;

/**
 * Four processes that ignore SIGTERM and hold the task's output: the shell itself, a child, one in a session of its
 * own, and one whose parent is gone. Each says its process id when it has made itself deaf.
 */
const STUBBORN = `
stubborn() { trap '' TERM HUP INT; sh -c 'echo "pid $PPID"'; while :; do sleep 0.2; done; }
stubborn &
setsid sh -c 'trap "" TERM HUP INT; echo "pid $$"; while :; do sleep 0.2; done' &
( (trap '' TERM HUP INT; exec sh -c 'echo "pid $$"; while :; do sleep 0.2; done') & )
stubborn
`;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const longshore = await Longshore.build({
    DATABASE_URL: server.database.url,
    LONGSHORE_DIRECT_DATABASE_URL: server.database.directUrl,
    LONGSHORE_DATA_DIR: server.config.dataDir,
    LONGSHORE_KILL_GRACE_SECONDS: String(GRACE_SECONDS),
  });
  const worker = longshore.start(['worker', 'start', '--id', 'tree-kill', '--drain', '0', '--log-level', 'warn']);
  return async () => {
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGTERM');
    await exited;
  };
});

/** Whether a process executes; one that is dead and only waits for its parent's attention does not. */
async function lives(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

async function livingOf(pids: readonly number[]): Promise<number[]> {
  const found = await Promise.all(pids.map(async (pid) => ((await lives(pid)) ? [pid] : [])));
  return found.flat();
}

/** Starts the stubborn task. @returns its run, once all of its processes have said who they are */
async function startStubborn(name: string, more: object): Promise<{ id: number; pids: number[] }> {
  const task = await server.call('POST', '/api/tasks', {
    body: { name, executor: 'shell', command: STUBBORN, retry_count: 0, ...more },
  });
  expect(task.status).toBe(201);
  const { body } = await server.call('POST', `/api/tasks/${task.body.data.id}/trigger`);
  const { id } = body.data as RunView;
  const pids = await eventually(async () => {
    const log = await server.call('GET', `/api/runs/${id}/logs`);
    const lines = log.body.data.items.map((line: { message: string }) => line.message) as string[];
    const said = lines.flatMap((line) => /^pid (\d+)$/.exec(line)?.[1] ?? []).map(Number);
    return said.length === 4 ? said : undefined;
  });
  expect(await livingOf(pids)).toEqual(pids);
  return { id, pids };
}

function ended(id: number): Promise<RunView> {
  return eventually(async () => {
    const run = (await server.call('GET', `/api/runs/${id}`)).body.data as RunView;
    return run.end_time === null ? undefined : run;
  });
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s with ${GRACE_SECONDS} s of grace`;

it('leaves none of a cancelled run', async () => {
  const { id, pids } = await startStubborn('cancelled', {});
  const begun = performance.now();
  const answer = await server.call('POST', `/api/runs/${id}/cancel`);
  expect(answer.status).toBe(200);
  const run = await ended(id);
  const left = await livingOf(pids);
  console.info(`from the request until it was recorded: ${seconds(performance.now() - begun)}`);
  expect(run.status).toBe('cancelled');
  expect(left).toEqual([]);
});

it('leaves none of a run that takes too long', async () => {
  // Time for all four to have spoken before, on a busy machine.
  const timeout = 10;
  const { id, pids } = await startStubborn('too long', { timeout_seconds: timeout });
  const run = await ended(id);
  const left = await livingOf(pids);
  console.info(`from the timeout until it was recorded: ${seconds(((run.duration_seconds ?? 0) - timeout) * 1000)}`);
  expect(run.status).toBe('failed');
  expect(left).toEqual([]);
});
