import { expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { can, identityOf, requires, systemIdentity } from './identity.ts';
import { BUILT_IN_ROLES, effectivePermissions, PERMISSIONS, rolePermissions } from './permissions.ts';

const row = {
  userId: 7,
  username: 'ana',
  role: 'operator',
  rolePermissions: null,
  keyId: null,
  keyPermissions: null,
  keyRateLimit: null,
  sessionId: null,
  scope: null,
};

test('admin is everything, user looks on, operator runs and changes tasks', () => {
  expect([...rolePermissions('admin', null)].sort()).toEqual([...PERMISSIONS].sort());
  expect([...rolePermissions('user', null)].sort()).toEqual(['scheduler_view', 'sync:read', 'view']);
  expect([...rolePermissions('operator', null)].sort()).toEqual(
    ['create', 'scheduler_manage', 'scheduler_view', 'sync:read', 'sync:write', 'update', 'view'].sort(),
  );
});

test('an unknown role or permission grants nothing', () => {
  expect(rolePermissions('captain', null).size).toBe(0);
  expect(rolePermissions('constructor', null).size).toBe(0);
  expect(effectivePermissions(['view_all', 'sync:write']).size).toBe(1);
});

test('the database checks the same permissions and has the same built-in roles', async () => {
  const { store } = await createTestDatabase();
  const roles = await store.query<{ name: string }>('SELECT name FROM longshore.roles WHERE permissions IS NULL');
  expect(roles.map((role) => role.name).sort()).toEqual([...BUILT_IN_ROLES.keys()].sort());
  const [check] = await store.query<{ definition: string }>(
    `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
      WHERE conrelid = 'longshore.api_keys'::regclass AND pg_get_constraintdef(oid) LIKE '%are_permissions%'`,
  );
  for (const permission of PERMISSIONS) expect(check?.definition).toContain(`'${permission}'`);
});

test('a key reaches as far as its owner does, and no further', () => {
  const identity = identityOf({ ...row, keyId: 'key_1', keyPermissions: ['view', 'delete', 'admin'] });
  expect(identity).toMatchObject({ kind: 'api_key', principal: 'key:key_1', userId: 7, isAdmin: false });
  expect(can(identity, 'update')).toBe(true);
  expect(can(identity, 'delete')).toBe(false);
  expect(can(identity, 'worker')).toBe(false);
});

test("a token reaches as far as its scope, within its holder's rights", () => {
  const identity = identityOf({
    ...row,
    keyId: 'client_1',
    keyPermissions: ['sync:read', 'sync:write'],
    scope: ['sync:read'],
  });
  expect([...identity.permissions]).toEqual(['sync:read']);
});

test('requires names what is missing', () => {
  const identity = identityOf(row);
  expect(() => requires(identity, 'create', 'scheduler_manage')).not.toThrow();
  expect(() => requires(identity, 'create', 'delete', 'worker')).toThrow('delete and worker');
  expect(can(systemIdentity('cli'), ...PERMISSIONS)).toBe(true);
});
