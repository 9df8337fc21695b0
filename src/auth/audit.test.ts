import { expect, test } from 'vitest';
import { setup } from '../../test/support/auth.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { listAudit, recordAudit } from './audit.ts';

const { store } = await createTestDatabase();

test('keeps who, what, to what, from where and how it ended', async () => {
  await recordAudit(
    store,
    { ...setup, address: '2001:db8::1', requestId: 'req_1' },
    { action: 'task.delete', target: 'task:12', outcome: 'denied', details: { name: 'backup' } },
  );
  const [entry] = await listAudit(store, { limit: 1 });
  expect(entry).toMatchObject({
    principal: 'system:test',
    actorName: 'test',
    action: 'task.delete',
    target: 'task:12',
    outcome: 'denied',
    address: '2001:db8::1',
    requestId: 'req_1',
    details: { name: 'backup' },
  });
  expect(entry?.at).toBeInstanceOf(Date);
});

test('lists the newest first, page by page, by who, what and target', async () => {
  for (const n of [1, 2, 3]) await recordAudit(store, setup, { action: 'page.turn', target: `page:${n}` });
  const first = await listAudit(store, { action: 'page.turn', limit: 2 });
  expect(first.map((entry) => entry.target)).toEqual(['page:3', 'page:2']);
  const rest = await listAudit(store, { action: 'page.turn', before: first[1]?.id, limit: 2 });
  expect(rest.map((entry) => entry.target)).toEqual(['page:1']);
  expect(await listAudit(store, { target: 'page:2', principal: 'system:test', limit: 9 })).toHaveLength(1);
  expect(await listAudit(store, { principal: 'user:1', limit: 9 })).toEqual([]);
});

test('is not written when what it tells of is rolled back', async () => {
  await expect(
    store.transaction(async (tx) => {
      await recordAudit(tx, setup, { action: 'task.create', target: 'task:never' });
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await listAudit(store, { target: 'task:never', limit: 1 })).toEqual([]);
});

test.each([
  'DELETE FROM longshore.audit',
  `UPDATE longshore.audit SET outcome = 'ok'`,
  'TRUNCATE longshore.audit',
  'DELETE FROM longshore.audit WHERE false',
])('cannot be cleaned: %s', async (statement) => {
  await recordAudit(store, setup, { action: 'task.create', target: 'task:1' });
  await expect(store.query(statement)).rejects.toThrow(/only grows/);
});

test('the guard stands also where ordinary triggers are switched off', async () => {
  const [trigger] = await store.query(
    `SELECT tgenabled FROM pg_trigger WHERE tgname = 'audit_append_only' AND tgrelid = 'longshore.audit'::regclass`,
  );
  expect(trigger).toEqual({ tgenabled: 'A' });
});
