import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { Client } from '../../src/cli/remote/client.ts';
import type { TaskView } from '../../src/cli/remote/tasks.ts';
import { environment } from '../../src/kernel/config.ts';
import { afterFile } from '../support/cleanup.ts';
import { createTestDatabase } from '../support/database.ts';
import { Longshore } from '../support/longshore.ts';
import { eventually, type Serving, startServing, temporaryFolder } from '../support/serving.ts';

/*
 * A task of each second, fired by two server processes on one database: each second has one run. A loaded machine may
 * fire late; with `misfire: all` it may not leave out any.
 */

/** Seconds to watch; 60 makes it the acceptance test of a whole minute. */
const INSTANTS = Number(environment().LONGSHORE_TEST_INSTANTS ?? 15);

/** A net against hangs, beside the time that the instants take by themselves. */
const TIMEOUT_MS = (INSTANTS + 120) * 1000;

let servers: Serving[];
let client: Client;

beforeAll(async () => {
  const database = await createTestDatabase();
  const longshore = await Longshore.build({
    DATABASE_URL: database.url,
    LONGSHORE_DIRECT_DATABASE_URL: database.directUrl,
    LONGSHORE_MASTER_KEY: randomBytes(32).toString('base64'),
  });
  const folder = await temporaryFolder('every-second');
  servers = await Promise.all(['one', 'two'].map((name) => startServing(longshore, 'server', path.join(folder, name))));
  const [first] = servers;
  if (!first) throw new Error('no server');
  client = new Client({ server: first.url, token: first.token });
  const worker = longshore.start(['worker', 'start', '--drain', '0', '--log-level', 'warn']);
  afterFile(async () => {
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGTERM');
    await exited;
  });
});

interface Firing {
  readonly scheduled_time: string;
  readonly status: string;
}

/** The task's firings so far, the oldest first. */
async function firings({ id }: TaskView): Promise<Firing[]> {
  const found: Firing[] = [];
  for await (const run of client.pages<Firing>(`/api/tasks/${id}/runs`)) found.push(run);
  return found.reverse();
}

/** Makes a task of each second and watches it for INSTANTS of them; `midway` happens after half of them. */
async function watch(name: string, midway: () => void): Promise<Firing[]> {
  const task = await client.request<TaskView>('POST', '/api/tasks', {
    body: { name, executor: 'shell', command: 'true', schedule: '*/1 * * * * *', misfire: 'all', overlap: 'allow' },
  });
  const atLeast = (count: number) =>
    eventually(async () => {
      const { total } = await client.get<{ total: number }>(`/api/tasks/${task.id}/runs`, { size: 1 });
      return total >= count || undefined;
    });
  await atLeast(Math.floor(INSTANTS / 2));
  midway();
  await atLeast(INSTANTS);
  await client.request('PUT', `/api/tasks/${task.id}`, { body: { status: 'paused' } });
  return eventually(async () => {
    const runs = await firings(task);
    return runs.every(({ status }) => status === 'success') ? runs : undefined;
  });
}

/** One run per second of the clock from the first to the last: none missing, none twice. */
function expectEverySecond(runs: readonly Firing[]): void {
  expect(runs.length).toBeGreaterThanOrEqual(INSTANTS);
  const at = runs.map(({ scheduled_time }) => Date.parse(scheduled_time)).sort((a, b) => a - b);
  const [first = 0] = at;
  expect(first % 1000).toBe(0);
  expect(at).toEqual(at.map((_, index) => first + index * 1000));
}

it(
  'fires once at each second with two servers',
  async () => {
    expectEverySecond(await watch('two servers', () => undefined));
  },
  TIMEOUT_MS,
);

it(
  'misses none when one of the servers is killed',
  async () => {
    const runs = await watch('one killed', () => {
      expect(servers.at(-1)?.process.kill('SIGKILL')).toBe(true);
    });
    expectEverySecond(runs);
  },
  TIMEOUT_MS,
);
