import { beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/api-server.ts';
import { PlayedWorker } from '../../../test/support/http-worker.ts';
import { listAudit } from '../../auth/audit.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});

/** What the trail has of a thing, oldest first. */
async function trail(target: string) {
  const records = await listAudit(server.store, { target, limit: 50 });
  return records
    .reverse()
    .map(({ action, actorName, principal, details }) => ({ action, actorName, principal, details }));
}

async function makeTask(body: object): Promise<number> {
  const answer = await server.call('POST', '/api/tasks', { body: { executor: 'shell', command: 'true', ...body } });
  expect(answer.status).toBe(201);
  return answer.body.data.id;
}

const admin = { actorName: 'admin', principal: 'user:1' };

test('whoever creates, changes, triggers and deletes a task is on record, and no value of theirs', async () => {
  const id = await makeTask({ name: 'recorded', environment: { API_TOKEN: 'hunter2hunter2' } });
  await server.call('PUT', `/api/tasks/${id}`, { body: { command: 'echo hunter2hunter2', priority: 'high' } });
  const run = (await server.call('POST', `/api/tasks/${id}/trigger`)).body.data;
  await server.call('DELETE', `/api/tasks/${id}`);
  const records = await trail(`task:${id}`);
  expect(records).toEqual([
    { action: 'task.create', ...admin, details: { name: 'recorded', executor: 'shell' } },
    { action: 'task.update', ...admin, details: { fields: ['command', 'priority'] } },
    { action: 'task.trigger', ...admin, details: { run: run.id } },
    { action: 'task.delete', ...admin, details: { name: 'recorded' } },
  ]);
});

test('what was refused is not on record', async () => {
  const id = await makeTask({ name: 'refused', status: 'disabled' });
  expect((await server.call('POST', `/api/tasks/${id}/trigger`)).status).toBe(409);
  expect((await server.call('PUT', `/api/tasks/${id}`, { body: { name: ' ' } })).status).toBe(400);
  expect((await trail(`task:${id}`)).map((record) => record.action)).toEqual(['task.create']);
});

test('whoever pauses, resumes and cancels a run is on record', async () => {
  const task = await makeTask({ name: 'controlled', tags: ['nobody-has-this'] });
  const { id } = (await server.call('POST', `/api/tasks/${task}/trigger`)).body.data;
  for (const control of ['pause', 'resume', 'cancel']) {
    expect((await server.call('POST', `/api/runs/${id}/${control}`)).status, control).toBe(200);
  }
  expect((await server.call('POST', `/api/runs/${id}/resume`)).status).toBe(409);
  expect(await trail(`run:${id}`)).toEqual(
    ['run.pause', 'run.resume', 'run.cancel'].map((action) => ({ action, ...admin, details: { task } })),
  );
});

test('nobody controls a run without being on record', async () => {
  const task = await makeTask({ name: 'unrecorded', tags: ['nobody-has-this'] });
  const { id } = (await server.call('POST', `/api/tasks/${task}/trigger`)).body.data;
  await server.store.query(
    `ALTER TABLE longshore.audit ADD CONSTRAINT no_cancel CHECK (target <> 'run:${id}' OR action <> 'run.cancel')`,
  );
  try {
    expect((await server.call('POST', `/api/runs/${id}/cancel`)).status).toBe(500);
  } finally {
    await server.store.query('ALTER TABLE longshore.audit DROP CONSTRAINT no_cancel');
  }
  expect((await server.call('GET', `/api/runs/${id}`)).body.data.status).toBe('pending');
});

test('whoever changes a worker is on record', async () => {
  await PlayedWorker.join(server, 'drained');
  await server.call('PUT', '/api/workers/drained', { body: { enabled: false, max_tasks: 3 } });
  expect(await trail('worker:drained')).toEqual([
    { action: 'worker.update', ...admin, details: { fields: expect.arrayContaining(['enabled', 'max_tasks']) } },
  ]);
});
