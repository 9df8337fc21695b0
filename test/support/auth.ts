import { randomBytes } from 'node:crypto';
import { type Actor, type Identity, systemIdentity } from '../../src/auth/identity.ts';
import { effectivePermissions, rolePermissions } from '../../src/auth/permissions.ts';
import type { User } from '../../src/auth/queries/user_get.ts';
import { createUser } from '../../src/auth/users.ts';
import type { Store } from '../../src/store/store.ts';

export const setup: Actor = { identity: systemIdentity('test') };
export const GOOD_PASSWORD = 'a harbour full of grain';

/** A user of the given role with a name of its own and GOOD_PASSWORD. */
export async function makeUser(store: Store, role = 'user'): Promise<User> {
  // Digits: a test that searches for letters must not find them here by chance.
  const username = `${role}-${randomBytes(4).readUInt32BE()}`;
  return store.transaction((tx) => createUser(tx, setup, { username, password: GOOD_PASSWORD, role }));
}

/** What a request signed in as `user` acts as. */
export function actingAs(user: User, address = '192.0.2.1'): Actor {
  const permissions = rolePermissions(user.role, null);
  const identity: Identity = {
    ...systemIdentity('unused'),
    kind: 'user',
    principal: `user:${user.id}`,
    id: String(user.id),
    userId: user.id,
    username: user.username,
    role: user.role,
    permissions,
    isAdmin: permissions.has('admin'),
  };
  return { identity, address };
}

/** The same actor, but holding an API key with these permissions. */
export function withKey(actor: Actor, permissions: readonly string[]): Actor {
  const held = effectivePermissions(permissions);
  return {
    ...actor,
    identity: { ...actor.identity, kind: 'api_key', permissions: held, isAdmin: held.has('admin') },
  };
}
