import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { actingAs, makeUser, setup, withKey } from '../../test/support/auth.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import {
  createApiKey,
  getApiKey,
  type KeyInput,
  keyIdOf,
  listApiKeys,
  revokeApiKey,
  secretMatches,
} from './api-keys.ts';
import { listAudit } from './audit.ts';
import type { Actor } from './identity.ts';
import type { User } from './queries/user_get.ts';
import { sha256 } from './token-codec.ts';

const { store } = await createTestDatabase();
const page = { limit: 20, offset: 0 };

let admin: User;
let user: User;
let operator: User;
beforeEach(async () => {
  await store.query('DELETE FROM longshore.users');
  [admin, user, operator] = [await makeUser(store, 'admin'), await makeUser(store), await makeUser(store, 'operator')];
});

const create = (actor: Actor, input: Partial<KeyInput> = {}) =>
  store.transaction((tx) => createApiKey(tx, actor, 'key', { name: 'nightly', permissions: ['view'], ...input }));
const revoke = (actor: Actor, id: string) => store.transaction((tx) => revokeApiKey(tx, actor, 'key', id));

test('shows the secret once, and keeps nothing but its hash', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000);
  const key = await create(actingAs(operator), {
    permissions: ['sync:read', 'sync:write'],
    rateLimit: 1000,
    expiresAt,
  });
  expect(key).toMatchObject({
    id: expect.stringMatching(/^key_[0-9a-zA-Z]{20}$/),
    name: 'nightly',
    permissions: ['sync:read', 'sync:write'],
    rateLimit: 1000,
    expiresAt,
    createdBy: operator.id,
  });
  expect(key.secret).toMatch(/^sk_live_[0-9a-zA-Z]{60}$/);
  expect(keyIdOf(key.secret)).toBe(key.id);

  const shown = await getApiKey(store, actingAs(operator).identity, 'key', key.id);
  expect(shown).not.toHaveProperty('secret');
  const [row] = await store.query('SELECT * FROM longshore.api_keys');
  expect(row).toMatchObject({ secret_hash: createHash('sha256').update(key.secret).digest() });
  const trail = JSON.stringify([row, await listAudit(store, { limit: 100 })]);
  expect(trail).not.toContain(key.secret);
  expect(await listAudit(store, { target: `key:${key.id}`, limit: 1 })).toMatchObject([{ action: 'api_key.create' }]);
});

test.each([
  ['name', { name: '' }],
  ['name', { name: 'x'.repeat(201) }],
  ['name', { name: 'a\0' }],
  ['permissions', { permissions: [] }],
  ['permissions', { permissions: ['view', 'sync:everything'] }],
  ['expires_at', { expiresAt: new Date(0) }],
  ['expires_at', { expiresAt: new Date(Number.NaN) }],
  ['rate_limit', { rateLimit: 0 }],
  ['rate_limit', { rateLimit: 1.5 }],
])('refuses a wrong %s: %j', async (field, wrong) => {
  await expect(create(actingAs(admin), wrong)).rejects.toMatchObject({ code: 'validation', details: [{ field }] });
});

test('a key cannot do more than who makes it', async () => {
  for (const permission of ['create', 'delete', 'sync:write', 'worker', 'admin']) {
    await expect(create(actingAs(user), { permissions: ['view', permission] })).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining(permission),
    });
  }
  await create(actingAs(user), { permissions: ['view', 'sync:read', 'scheduler_view'] });
  await create(actingAs(admin), { permissions: ['worker', 'admin'] });
});

test('an admin makes keys for others, which cannot do more than those', async () => {
  const key = await create(actingAs(admin), { ownerId: user.id });
  expect(key.createdBy).toBe(user.id);
  await expect(create(actingAs(admin), { ownerId: user.id, permissions: ['delete'] })).rejects.toMatchObject({
    code: 'forbidden',
  });
  await expect(create(actingAs(admin), { ownerId: 999_999_999 })).rejects.toMatchObject({ code: 'validation' });
  await expect(create(actingAs(operator), { ownerId: user.id })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(create(setup)).rejects.toMatchObject({ details: [{ field: 'owner_id' }] });
  expect((await create(setup, { ownerId: admin.id, permissions: ['admin'] })).createdBy).toBe(admin.id);
});

test('a key makes keys only if it is an admin key', async () => {
  await expect(create(withKey(actingAs(admin), ['view']))).rejects.toMatchObject({ code: 'forbidden' });
  await create(withKey(actingAs(admin), ['admin']));
});

test("everybody sees and revokes their own keys, an admin everybody's, and another's is not found", async () => {
  const [mine, theirs] = [await create(actingAs(user)), await create(actingAs(operator))];
  const ids = async (of: User) =>
    (await listApiKeys(store, actingAs(of).identity, 'key', page)).items.map((key) => key.id).sort();
  expect(await ids(user)).toEqual([mine.id]);
  expect(await ids(admin)).toEqual([mine.id, theirs.id].sort());
  await expect(getApiKey(store, actingAs(user).identity, 'key', theirs.id)).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(revoke(actingAs(user), theirs.id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(revoke(actingAs(user), 'key_\0')).rejects.toMatchObject({ code: 'not_found' });

  await revoke(actingAs(user), mine.id);
  await revoke(actingAs(admin), theirs.id);
  await expect(revoke(actingAs(user), mine.id)).rejects.toMatchObject({ code: 'not_found' });
  expect((await getApiKey(store, actingAs(user).identity, 'key', mine.id)).revokedAt).toBeInstanceOf(Date);
  expect(await listAudit(store, { action: 'api_key.revoke', limit: 2 })).toMatchObject([
    { principal: `user:${admin.id}`, target: `key:${theirs.id}` },
    { principal: `user:${user.id}`, target: `key:${mine.id}` },
  ]);
});

test('keys and clients are apart, and pages count all', async () => {
  for (let n = 0; n < 3; n++) await create(actingAs(user));
  await store.transaction((tx) =>
    createApiKey(tx, actingAs(user), 'client', { name: 'a client', permissions: ['view'] }),
  );
  const keys = await listApiKeys(store, actingAs(user).identity, 'key', { limit: 2, offset: 2 });
  expect(keys).toMatchObject({ items: [{ name: 'nightly' }], total: 3 });
  const clients = await listApiKeys(store, actingAs(user).identity, 'client', page);
  expect(clients).toMatchObject({ items: [{ id: expect.stringMatching(/^client_/) }], total: 1 });
});

test.each(['', 'sk_live_', 'sk_live_abc', `sk_live_${'a'.repeat(61)}`, `sk_test_${'a'.repeat(60)}`])(
  'is no key: %j',
  (text) => {
    expect(keyIdOf(text)).toBeUndefined();
  },
);

test('only the right secret matches, and none where there is no key', () => {
  expect(secretMatches(sha256('right'), 'right')).toBe(true);
  expect(secretMatches(sha256('right'), 'wrong')).toBe(false);
  expect(secretMatches(undefined, 'right')).toBe(false);
});
