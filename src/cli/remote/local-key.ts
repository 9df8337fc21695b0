import { createApiKey, getApiKey, keyIdOf, revokeApiKey } from '../../auth/api-keys.ts';
import { type Actor, systemIdentity } from '../../auth/identity.ts';
import { listUsers } from '../../auth/users.ts';
import { AppError } from '../../kernel/errors.ts';
import type { Queryable, Store } from '../../store/store.ts';
import { localKeyFile, readLocalKey, writePrivate } from './local.ts';

const ACTOR: Actor = { identity: systemIdentity('cli') };
const KEY_NAME = 'command line on the server';

async function activeAdmins(db: Queryable): Promise<readonly number[]> {
  const { items } = await listUsers(db, {
    role: 'admin',
    isActive: true,
    sort: 'id',
    order: 'asc',
    limit: 100,
    offset: 0,
  });
  return items.map((user) => user.id);
}

/** Whether a key still opens: it may have been revoked, or its owner removed, or the database be another one. */
async function isUsable(db: Queryable, id: string, admins: readonly number[]): Promise<boolean> {
  try {
    const key = await getApiKey(db, ACTOR.identity, 'key', id);
    return key.revokedAt === null && admins.includes(key.createdBy);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return false;
    throw error;
  }
}

/**
 * Sees to it that `<dataDir>/cli.key` (0600) holds an API key with all rights, by which commands on this machine reach
 * the server without signing in: whoever can read the data directory could read the database too.
 * @returns false when there is no active admin yet who could own the key
 */
export async function ensureLocalKey(store: Store, dataDir: string): Promise<boolean> {
  const admins = await activeAdmins(store);
  const [owner] = admins;
  if (owner === undefined) return false;
  const present = keyIdOf((await readLocalKey(dataDir)) ?? '');
  if (present !== undefined && (await isUsable(store, present, admins))) return true;
  const key = await store.transaction((tx) =>
    createApiKey(tx, ACTOR, 'key', { name: KEY_NAME, permissions: ['admin'], ownerId: owner }),
  );
  try {
    await writePrivate(localKeyFile(dataDir), `${key.secret}\n`);
  } catch (error) {
    // Nobody has it: it must not lie about in the list of keys.
    await store.transaction((tx) => revokeApiKey(tx, ACTOR, 'key', key.id));
    throw error;
  }
  return true;
}
