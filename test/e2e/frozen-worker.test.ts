import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { RunView } from '../../src/cli/remote/runs.ts';
import { startTestServer, type TestServer } from '../support/api-server.ts';
import { afterFile } from '../support/cleanup.ts';
import { Longshore } from '../support/longshore.ts';
import { eventually, temporaryFolder } from '../support/serving.ts';

/*
 * A worker that is stopped (by SIGSTOP here) cannot end its runs when its lease does. They must be gone all the same
 * before another worker starts them again.
 */

let server: TestServer;
let longshore: Longshore;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  folder = await temporaryFolder('frozen-worker');
  longshore = await Longshore.build({
    DATABASE_URL: server.database.url,
    LONGSHORE_DIRECT_DATABASE_URL: server.database.directUrl,
    LONGSHORE_DATA_DIR: server.config.dataDir,
  });
});

function startWorker(id: string) {
  const worker = longshore.start(['worker', 'start', '--id', id, '--drain', '0', '--log-level', 'warn']);
  afterFile(async () => {
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGCONT');
    worker.kill('SIGTERM');
    await exited;
  });
  return worker;
}

// Not a measure of speed: a lease must run out, and two workers start.
it('a run of a worker that is stopped has ended before another worker starts it again', {
  timeout: 180_000,
}, async () => {
  const ledger = path.join(folder, 'ledger');
  // The first attempt writes for ever, deaf to signals; the second for a while.
  const command = `trap '' TERM HUP INT
    n=0
    while [ "$LONGSHORE_ATTEMPT" = 1 ] || [ $n -lt 30 ]; do
      echo "$LONGSHORE_ATTEMPT" >> '${ledger}'
      n=$((n + 1))
      sleep 0.1
    done`;
  const attempts = async () =>
    (await readFile(ledger, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const first = startWorker('frozen');
  const task = await server.call('POST', '/api/tasks', {
    body: { name: 'writes', executor: 'shell', command, retry_count: 0 },
  });
  const { body } = await server.call('POST', `/api/tasks/${task.body.data.id}/trigger`);
  const { id } = body.data as RunView;
  await eventually(async () => (await attempts()).length > 0 || undefined);
  first.kill('SIGSTOP');
  startWorker('able');
  const run = await eventually(async () => {
    const seen = (await server.call('GET', `/api/runs/${id}`)).body.data as RunView;
    return seen.end_time === null ? undefined : seen;
  });
  expect(run).toMatchObject({ status: 'success', worker_id: 'able' });
  const written = await attempts();
  expect(written.slice(written.indexOf('2'))).toEqual(Array.from({ length: 30 }, () => '2'));
  // It goes on as a worker like any other.
  first.kill('SIGCONT');
  await eventually(async () => {
    const { body: answer } = await server.call('GET', '/api/workers/frozen');
    return answer.data.status === 'online' || undefined;
  });
});
