import { beforeEach, expect, test } from 'vitest';
import { actingAs, GOOD_PASSWORD, makeUser, setup } from '../../test/support/auth.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { listAudit } from './audit.ts';
import type { User } from './queries/user_get.ts';
import { USER_SORTS, type UserFilter } from './queries/user_list.ts';
import { createRole } from './roles.ts';
import {
  createUser,
  deleteUser,
  getUser,
  listUsers,
  toggleUserStatus,
  type UserChanges,
  updateUser,
  userStats,
} from './users.ts';

const { store } = await createTestDatabase();

let admin: User;
let second: User;
beforeEach(async () => {
  await store.query('DELETE FROM longshore.users');
  admin = await makeUser(store, 'admin');
  second = await makeUser(store, 'admin');
});

const update = (actor: User, id: number, changes: UserChanges) =>
  store.transaction((tx) => updateUser(tx, actingAs(actor), id, changes));
const toggle = (actor: User, id: number) => store.transaction((tx) => toggleUserStatus(tx, actingAs(actor), id));
const remove = (actor: User, id: number) => store.transaction((tx) => deleteUser(tx, actingAs(actor), id));
const create = (username: string, more: object = {}) =>
  store.transaction((tx) => createUser(tx, setup, { username, password: GOOD_PASSWORD, role: 'user', ...more }));
const activeAdmins = async () =>
  (await store.query(`SELECT 1 FROM longshore.users WHERE role = 'admin' AND is_active`)).length;

test('creates a user, shows no hash, and writes down who did it', async () => {
  const user = await create('Ana', { email: 'ana@example.com', role: 'operator' });
  expect(user).toMatchObject({ username: 'Ana', email: 'ana@example.com', role: 'operator', isActive: true });
  expect(JSON.stringify(user)).not.toContain('argon2');
  expect(await listAudit(store, { target: `user:${user.id}`, limit: 10 })).toMatchObject([
    { principal: 'system:test', action: 'user.create', outcome: 'ok', details: { username: 'Ana', role: 'operator' } },
  ]);
});

test.each(['ana', 'ANA', 'Ａｎａ'])('refuses %s beside Ana', async (name) => {
  await create('Ana');
  await expect(create(name)).rejects.toMatchObject({ code: 'conflict', details: [{ field: 'username' }] });
});

test.each([
  ['username', { username: '' }],
  ['username', { username: 'a b' }],
  ['username', { username: 'a\0b' }],
  ['username', { username: '-a' }],
  ['username', { username: 'a'.repeat(65) }],
  ['password', { password: 'too short' }],
  ['role', { role: 'captain' }],
  ['role', { role: 'a\0' }],
  ['email', { email: 'not an address' }],
  ['email', { email: 'a\0@b' }],
])('refuses a wrong %s: %j', async (field, wrong) => {
  await expect(create('valid', wrong)).rejects.toMatchObject({ code: 'validation', details: [{ field }] });
});

test('is for admins only', async () => {
  const operator = await makeUser(store, 'operator');
  const actor = actingAs(operator);
  for (const attempt of [
    () => store.transaction((tx) => createUser(tx, actor, { username: 'x', password: GOOD_PASSWORD, role: 'user' })),
    () => update(operator, admin.id, { email: 'x@example.com' }),
    () => toggle(operator, admin.id),
    () => remove(operator, admin.id),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'forbidden' });
  }
});

test('updates what is given, leaves the rest, and writes down what changed but no password', async () => {
  const user = await create('ana', { email: 'ana@example.com' });
  const updated = await update(admin, user.id, { username: 'anna', email: null, password: 'another good harbour' });
  expect(updated).toMatchObject({ username: 'anna', email: null, role: 'user', isActive: true });
  const [entry] = await listAudit(store, { target: `user:${user.id}`, limit: 1 });
  expect(entry).toMatchObject({
    principal: `user:${admin.id}`,
    address: '192.0.2.1',
    action: 'user.update',
    details: {
      changed: {
        username: { from: 'ana', to: 'anna' },
        email: { from: 'ana@example.com', to: null },
        password: 'changed',
      },
    },
  });
  expect(JSON.stringify(entry)).not.toContain('harbour');
});

test('refuses a username that is taken, and leaves nothing behind', async () => {
  const user = await create('ana');
  await create('ben');
  await expect(update(admin, user.id, { username: 'BEN', role: 'operator' })).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(await getUser(store, user.id)).toMatchObject({ username: 'ana', role: 'user' });
  expect(await listAudit(store, { target: `user:${user.id}`, action: 'user.update', limit: 1 })).toEqual([]);
});

test('what is not there is not found', async () => {
  const gone = { code: 'not_found' };
  await expect(getUser(store, 999_999_999)).rejects.toMatchObject(gone);
  await expect(update(admin, 999_999_999, { role: 'user' })).rejects.toMatchObject(gone);
  await expect(toggle(admin, 999_999_999)).rejects.toMatchObject(gone);
  await expect(remove(admin, 999_999_999)).rejects.toMatchObject(gone);
});

test('nobody demotes, deactivates or deletes themself', async () => {
  for (const attempt of [
    () => update(admin, admin.id, { role: 'user' }),
    () => update(admin, admin.id, { isActive: false }),
    () => toggle(admin, admin.id),
    () => remove(admin, admin.id),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('yourself') });
  }
  await update(admin, admin.id, { email: 'me@example.com', role: 'admin' });
  expect(await activeAdmins()).toBe(2);
});

test('nobody demotes, deactivates or deletes the last active admin, not even the system', async () => {
  await toggle(admin, second.id);
  for (const attempt of [
    () => store.transaction((tx) => updateUser(tx, setup, admin.id, { role: 'operator' })),
    () => store.transaction((tx) => updateUser(tx, setup, admin.id, { isActive: false })),
    () => store.transaction((tx) => toggleUserStatus(tx, setup, admin.id)),
    () => store.transaction((tx) => deleteUser(tx, setup, admin.id)),
  ]) {
    await expect(attempt()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('last active'),
    });
  }
  // The inactive one is none of the last ones.
  await remove(admin, second.id);
  expect(await activeAdmins()).toBe(1);
});

test.each([
  ['demote', (from: User, other: User) => update(from, other.id, { role: 'user' })],
  ['deactivate', (from: User, other: User) => toggle(from, other.id)],
  ['delete', (from: User, other: User) => remove(from, other.id)],
] as const)('of two admins who %s each other at once, one stays', async (_verb, act) => {
  for (let round = 0; round < 5; round++) {
    await store.query('DELETE FROM longshore.users');
    const [a, b] = [await makeUser(store, 'admin'), await makeUser(store, 'admin')];
    const outcomes = await Promise.allSettled([act(a, b), act(b, a)]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject({ code: 'conflict' });
    expect(await activeAdmins()).toBe(1);
  }
});

test('lists by page, search, role and each sort, and counts all', async () => {
  for (const name of ['bea_1', 'beaX1', 'cem']) await create(name, { email: `${name}@example.com` });
  const page: UserFilter = { sort: 'username', order: 'asc', limit: 10, offset: 0 };
  const names = async (filter: Partial<UserFilter>) =>
    (await listUsers(store, { ...page, ...filter })).items.map((user) => user.username);

  expect(await names({ search: 'BEA' })).toEqual(['bea_1', 'beaX1']);
  expect(await names({ search: 'bea_1' })).toEqual(['bea_1']);
  expect(await names({ search: 'cem@example' })).toEqual(['cem']);
  expect(await names({ search: '%' })).toEqual([]);
  expect(await names({ search: 'a\0' })).toEqual([]);
  expect(await names({ role: 'user', order: 'desc' })).toEqual(['cem', 'beaX1', 'bea_1']);
  expect(await listUsers(store, { ...page, role: 'user', limit: 1, offset: 1 })).toMatchObject({
    items: [{ username: 'beaX1' }],
    total: 3,
  });
  expect(await listUsers(store, { ...page, offset: 100 })).toEqual({ items: [], total: 5 });
  await toggle(admin, second.id);
  expect(await names({ isActive: false })).toEqual([second.username]);
});

test.each(['password_hash', 'constructor', 'id; DROP TABLE longshore.users', ''])(
  'refuses to sort by %j',
  async (sort) => {
    const listed = listUsers(store, { sort, order: 'asc', limit: 10, offset: 0 });
    await expect(listed).rejects.toMatchObject({ code: 'validation', details: [{ field: 'sort' }] });
  },
);

test('sorts by every field that it names', async () => {
  for (const sort of USER_SORTS) {
    expect((await listUsers(store, { sort, order: 'desc', limit: 10, offset: 0 })).items).toHaveLength(2);
  }
});

test('counts users by state and role, custom roles too', async () => {
  await store.transaction((tx) => createRole(tx, setup, { name: 'night-watch', permissions: ['view'] }));
  await create('ana', { role: 'night-watch', isActive: false });
  expect(await userStats(store)).toEqual({
    total: 3,
    active: 2,
    inactive: 1,
    byRole: { admin: 2, operator: 0, user: 0, 'night-watch': 1 },
  });
});
