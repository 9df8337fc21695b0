import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { afterFile } from '../../test/support/cleanup.ts';
import { Longshore } from '../../test/support/longshore.ts';
import { eventually } from '../../test/support/serving.ts';
import { freePort } from '../../test/support/temporary-postgres.ts';
import { announceServer } from './remote/local.ts';
import { ensureLocalKey } from './remote/local-key.ts';

/* `longshore worker start` as a process of its own, beside a server that it speaks to over HTTP. */

let server: TestServer;
let command: Longshore;

beforeAll(async () => {
  server = await startTestServer();
  await ensureLocalKey(server.store, server.config.dataDir);
  await announceServer(server.config.dataDir, server.url);
  command = await Longshore.build({ LONGSHORE_DATA_DIR: server.config.dataDir });
});

function start(id: string, ...options: string[]): ChildProcess {
  const worker = command.start(['worker', 'start', '--id', id, '--log-level', 'error', '--drain', '0', ...options]);
  const ended = once(worker, 'exit');
  afterFile(async () => {
    worker.kill('SIGTERM');
    await ended;
  });
  return worker;
}

/** Makes a task that only workers with this tag take, and runs it. @returns the id of the run */
async function trigger(tag: string, spec: object): Promise<number> {
  const body = { name: `${tag} ${JSON.stringify(spec)}`, tags: [tag], ...spec };
  const task = await server.call('POST', '/api/tasks', { body });
  expect(task.status, JSON.stringify(task.body)).toBe(201);
  const run = await server.call('POST', `/api/tasks/${task.body.data.id}/trigger`);
  return run.body.data.id;
}

const statusOf = async (run: number): Promise<string> =>
  (await server.call('GET', `/api/runs/${run}`)).body.data.status;
const ended = (run: number) =>
  eventually(async () => {
    const status = await statusOf(run);
    return status === 'success' || status === 'failed' ? status : undefined;
  });

test('takes only the kinds that it was told', async () => {
  start('picky', '--executors', 'http', '--tags', 'picky');
  const shell = await trigger('picky', { executor: 'shell', command: 'true' });
  // Behind the other one, if that were taken.
  const http = await trigger('picky', { executor: 'http', url: `${server.url}/api/health` });
  expect(await ended(http)).toBe('success');
  expect(await statusOf(shell)).toBe('pending');
  start('shells', '--executors', 'shell,python', '--tags', 'picky');
  expect(await ended(shell)).toBe('success');
});

test('says which kinds there are when it is told another one', async () => {
  const { code, stderr } = await command.run(['worker', 'start', '--executors', 'shel']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/--executors: there is no "shel"; known are shell, http, python/);
});

test('tells probes that it lives, and whether it takes runs', async () => {
  const port = await freePort();
  const worker = start('probed', '--health-port', String(port));
  const probe = async (what: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/health/${what}`).catch(() => undefined);
    return response && { status: response.status, body: response.status === 404 ? '' : await response.json() };
  };
  const ready = await eventually(async () => {
    const answer = await probe('ready');
    return answer?.status === 200 ? answer.body : undefined;
  });
  expect(ready).toEqual({ state: 'online', current_tasks: 0, max_tasks: 10 });
  expect(await probe('live')).toMatchObject({ status: 200 });
  expect(await probe('else')).toMatchObject({ status: 404 });
  worker.kill('SIGTERM');
  await eventually(async () => ((await probe('live')) === undefined ? true : undefined));
});
