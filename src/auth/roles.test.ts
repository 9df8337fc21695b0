import { beforeEach, expect, test } from 'vitest';
import { actingAs, GOOD_PASSWORD, makeUser, setup } from '../../test/support/auth.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { listAudit } from './audit.ts';
import { createRole, deleteRole, listRoles, type RoleInput, updateRole } from './roles.ts';
import { createUser, deleteUser, updateUser } from './users.ts';

const { store } = await createTestDatabase();
const create = (input: Partial<RoleInput>) =>
  store.transaction((tx) => createRole(tx, setup, { name: 'watch', permissions: ['view'], ...input }));

beforeEach(async () => {
  await store.query('DELETE FROM longshore.users');
  await store.query('DELETE FROM longshore.roles WHERE permissions IS NOT NULL');
});

test('lists the built-in roles first, with what they amount to', async () => {
  await create({ permissions: ['view', 'delete'], description: 'at night' });
  const roles = await listRoles(store);
  expect(roles.map(({ name, builtIn }) => [name, builtIn])).toEqual([
    ['admin', true],
    ['operator', true],
    ['user', true],
    ['watch', false],
  ]);
  expect(roles[0]?.permissions).toContain('worker');
  expect(roles[3]).toMatchObject({ description: 'at night', permissions: ['view', 'delete', 'sync:read'], users: 0 });
});

test.each([
  ['name', { name: 'Watch' }],
  ['name', { name: '' }],
  ['name', { name: 'a\0' }],
  ['permissions', { permissions: ['admin'] }],
  ['permissions', { permissions: ['worker'] }],
  ['permissions', { permissions: ['constructor'] }],
  ['description', { description: 'x'.repeat(501) }],
  ['description', { description: 'a\0' }],
])('refuses a wrong %s: %j', async (field, wrong) => {
  await expect(create(wrong)).rejects.toMatchObject({ code: 'validation', details: [{ field }] });
});

test('refuses a name that is taken, a built-in one too', async () => {
  await create({});
  await expect(create({})).rejects.toMatchObject({ code: 'conflict' });
  await expect(create({ name: 'admin' })).rejects.toMatchObject({ code: 'conflict' });
});

test('changes a role and writes down from what to what', async () => {
  await create({});
  await store.transaction((tx) => updateRole(tx, setup, 'watch', { permissions: ['view', 'update', 'view'] }));
  expect((await listRoles(store)).find((role) => role.name === 'watch')?.permissions).toContain('update');
  expect(await listAudit(store, { target: 'role:watch', limit: 1 })).toMatchObject([
    { action: 'role.update', details: { permissions: { from: ['view'], to: ['view', 'update'] } } },
  ]);
});

test('a built-in role is neither changed nor deleted', async () => {
  const forbidden = { code: 'forbidden' };
  await expect(store.transaction((tx) => updateRole(tx, setup, 'user', { permissions: [] }))).rejects.toMatchObject(
    forbidden,
  );
  await expect(store.transaction((tx) => deleteRole(tx, setup, 'admin'))).rejects.toMatchObject(forbidden);
});

test('a role that somebody has is not deleted', async () => {
  await create({});
  const user = await store.transaction((tx) =>
    createUser(tx, setup, { username: 'ana', password: GOOD_PASSWORD, role: 'watch' }),
  );
  const remove = () => store.transaction((tx) => deleteRole(tx, setup, 'watch'));
  await expect(remove()).rejects.toMatchObject({ code: 'conflict' });
  await store.transaction((tx) => deleteUser(tx, setup, user.id));
  await remove();
  await expect(remove()).rejects.toMatchObject({ code: 'not_found' });
});

test('a role that is deleted while it is given to somebody is either had or refused, never dangling', async () => {
  for (let round = 0; round < 10; round++) {
    await create({});
    const user = await makeUser(store);
    const [given, deleted] = await Promise.allSettled([
      store.transaction((tx) => updateUser(tx, setup, user.id, { role: 'watch' })),
      store.transaction((tx) => deleteRole(tx, setup, 'watch')),
    ]);
    expect([given.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
    if (given.status === 'rejected') expect(given.reason).toMatchObject({ details: [{ field: 'role' }] });
    if (deleted.status === 'rejected') expect(deleted.reason).toMatchObject({ code: 'conflict' });
    await store.query('DELETE FROM longshore.users');
    await store.query('DELETE FROM longshore.roles WHERE permissions IS NOT NULL');
  }
});

test('is for admins only', async () => {
  await create({});
  const actor = actingAs(await makeUser(store, 'operator'));
  for (const attempt of [
    () => store.transaction((tx) => createRole(tx, actor, { name: 'mine', permissions: ['delete'] })),
    () => store.transaction((tx) => updateRole(tx, actor, 'watch', { permissions: ['delete'] })),
    () => store.transaction((tx) => deleteRole(tx, actor, 'watch')),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'forbidden' });
  }
});
