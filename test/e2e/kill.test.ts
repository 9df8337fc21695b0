import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Client } from '../../src/cli/remote/client.ts';
import { readLocalServer } from '../../src/cli/remote/local.ts';
import type { RunView } from '../../src/cli/remote/runs.ts';
import type { TaskView } from '../../src/cli/remote/tasks.ts';
import { Longshore } from '../support/longshore.ts';
import { eventually, type Serving, startServing, temporaryFolder } from '../support/serving.ts';

/*
 * `longshore up` as users start it, under load, while what it consists of is killed: it comes back by itself, and
 * every run that it has acknowledged is done.
 */

const RUNS = 60;
/** Callers at a time. */
const CALLERS = 4;

let folder: string;
let up: Serving;
let client: Client;

beforeAll(async () => {
  folder = await temporaryFolder('kill');
  up = await startServing(await Longshore.build({}), 'up', path.join(folder, 'data'));
  client = new Client({ server: up.url, token: up.token });
});

const pids = {
  async server(): Promise<number> {
    return eventually(async () => (await readLocalServer(up.dataDir))?.pid);
  },
  async postgres(): Promise<number> {
    const file = path.join(up.dataDir, 'postgres/postmaster.pid');
    return eventually(async () => Number.parseInt(await readFile(file, 'utf8'), 10) || undefined);
  },
};

/** Resolves when another process has taken the place of `pid`, and the whole answers again. @returns after how long */
async function backAfter(part: keyof typeof pids, pid: number): Promise<number> {
  const begun = performance.now();
  await eventually(async () => ((await pids[part]()) === pid ? undefined : true));
  await eventually(async () => (await fetch(`${up.url}/health/ready`)).ok || undefined);
  return performance.now() - begun;
}

/** Triggers under one idempotency key until that is acknowledged, as a careful caller does. @returns the run's id */
function triggerSurely(task: TaskView, key: string): Promise<number> {
  return eventually(async () => {
    const response = await fetch(`${up.url}/api/tasks/${task.id}/trigger`, {
      method: 'POST',
      headers: { authorization: `Bearer ${up.token}`, 'idempotency-key': key },
    });
    if (response.status !== 202) return undefined;
    return ((await response.json()) as { data: { id: number } }).data.id;
  });
}

it('comes back from kill -9 of its server and its PostgreSQL, and does all that it has acknowledged', async () => {
  const ledger = path.join(folder, 'ledger');
  const task = await client.request<TaskView>('POST', '/api/tasks', {
    body: {
      name: 'ledger',
      executor: 'shell',
      command: `echo "$LONGSHORE_RUN_ID" >> '${ledger}'`,
      max_concurrent: 10,
      // An attempt that was lost with the database in mid-report is not spent; this is for one that failed by it.
      retry_count: 3,
      retry_delay_seconds: 1,
    },
  });
  const acknowledged: number[] = [];
  let next = 0;
  const caller = async () => {
    while (next < RUNS) {
      const mine = next++;
      acknowledged.push(await triggerSurely(task, `kill-test-${mine}`));
    }
  };
  const killer = async () => {
    for (const [after, part] of [
      [10, 'server'],
      [25, 'postgres'],
      [40, 'server'],
      [50, 'postgres'],
    ] as const) {
      await eventually(async () => acknowledged.length >= after || undefined);
      const pid = await pids[part]();
      process.kill(pid, 'SIGKILL');
      console.info(
        `${part} killed at ${acknowledged.length} runs; back after ${Math.round(await backAfter(part, pid))} ms`,
      );
    }
  };
  await Promise.all([killer(), ...Array.from({ length: CALLERS }, caller)]);

  // A repeated trigger is the same run: no id twice, and no run that nobody was told of.
  expect(new Set(acknowledged).size).toBe(RUNS);
  const { total } = await client.get<{ total: number }>(`/api/tasks/${task.id}/runs`);
  expect(total).toBe(RUNS);
  for (const id of acknowledged) {
    const run = await eventually(async () => {
      const seen = await client.get<RunView>(`/api/runs/${id}`);
      return seen.end_time === null ? undefined : seen;
    });
    expect(run, up.output()).toMatchObject({ id, status: 'success' });
  }
  const done = (await readFile(ledger, 'utf8')).trim().split('\n').map(Number);
  expect([...new Set(done)].sort((a, b) => a - b)).toEqual([...acknowledged].sort((a, b) => a - b));
}, 180_000);

it('goes on when nobody reads any more what it says', async () => {
  up.process.stdout.destroy();
  up.process.stderr.destroy();
  const pid = await pids.server();
  process.kill(pid, 'SIGKILL');
  // That it says so must not end it.
  await backAfter('server', pid);
  expect(up.process.exitCode).toBeNull();
});
