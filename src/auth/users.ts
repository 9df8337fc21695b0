import { AppError, invalidField, notFound } from '../kernel/errors.ts';
import { type Queryable, sqlState, type Tx } from '../store/store.ts';
import { recordAudit } from './audit.ts';
import { type Actor, requires } from './identity.ts';
import { hashNewPassword } from './passwords.ts';
import { roleExists } from './queries/role_list.ts';
import { removeUser } from './queries/user_delete.ts';
import { lockActiveAdmins, lockUser, selectUser, type User } from './queries/user_get.ts';
import { insertUser } from './queries/user_insert.ts';
import { selectUsers, USER_SORTS, type UserFilter } from './queries/user_list.ts';
import { selectUserStats, type UserStats } from './queries/user_stats.ts';
import { writeUser } from './queries/user_update.ts';
import { ROLE_NAME } from './roles.ts';
import { checkEmail, checkUsername, usernameKey } from './user-fields.ts';

/*
 * Managing users. All of it is for admins, and says so itself, whatever a route has checked.
 * Run what changes something through `Authenticator.change`, so that this server notices at once.
 */

const FOREIGN_KEY_VIOLATION = '23503';
const UNIQUE_VIOLATION = '23505';

export interface UserInput {
  readonly username: string;
  readonly password: string;
  readonly role: string;
  readonly email?: string | null | undefined;
  readonly isActive?: boolean | undefined;
}

/** What is absent stays as it is. */
export interface UserChanges {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly role?: string | undefined;
  /** Null removes it. */
  readonly email?: string | null | undefined;
  readonly isActive?: boolean | undefined;
}

/** @throws AppError `validation` (which field), `conflict` (the username is taken), `forbidden` */
export async function createUser(tx: Tx, actor: Actor, input: UserInput): Promise<User> {
  requires(actor.identity, 'admin');
  checkUsername(input.username);
  checkEmail(input.email);
  await checkRole(tx, input.role);
  const passwordHash = await hashNewPassword(input.password);
  const user = await naming(input.role, () =>
    insertUser(tx, {
      username: input.username,
      usernameKey: usernameKey(input.username),
      passwordHash,
      role: input.role,
      email: input.email ?? null,
      isActive: input.isActive ?? true,
    }),
  );
  if (!user) throw usernameTaken(input.username);
  await recordAudit(tx, actor, {
    action: 'user.create',
    target: `user:${user.id}`,
    details: { username: user.username, role: user.role },
  });
  return user;
}

/**
 * A new password or a deactivation ends every session and token of the user; API keys rest while the user is inactive.
 * @throws AppError `validation`, `not_found`, `forbidden`, `conflict` (the username is taken; the change would leave no
 * active admin; the actor would demote or deactivate themself)
 */
export async function updateUser(tx: Tx, actor: Actor, id: number, changes: UserChanges): Promise<User> {
  requires(actor.identity, 'admin');
  if (changes.username !== undefined) checkUsername(changes.username);
  checkEmail(changes.email);
  if (changes.role !== undefined) await checkRole(tx, changes.role);
  // Before any row is locked: others should not wait for our hashing.
  const passwordHash = changes.password === undefined ? undefined : await hashNewPassword(changes.password);

  const demotes = changes.role !== undefined && changes.role !== 'admin';
  if (demotes || changes.isActive === false) {
    refuseLastOrSelf(actor, id, await lockActiveAdmins(tx), 'demote or deactivate');
  }
  const before = await lockUser(tx, id);
  if (!before) throw notFound('User');
  const deactivates = changes.isActive === false && before.isActive;

  const user = await naming(
    changes.role ?? before.role,
    () =>
      writeUser(tx, id, {
        username: changes.username,
        usernameKey: changes.username === undefined ? undefined : usernameKey(changes.username),
        passwordHash,
        role: changes.role,
        email: changes.email,
        isActive: changes.isActive,
        endSessions: passwordHash !== undefined || deactivates,
      }),
    changes.username,
  );
  if (!user) throw notFound('User');
  await recordAudit(tx, actor, {
    action: 'user.update',
    target: `user:${id}`,
    details: { changed: differences(before, user, passwordHash !== undefined) },
  });
  return user;
}

/** Activates an inactive user and deactivates an active one; errors as for `updateUser`. */
export async function toggleUserStatus(tx: Tx, actor: Actor, id: number): Promise<User> {
  requires(actor.identity, 'admin');
  // The admins first, as everywhere: two orders of locking would let two callers wait for each other.
  const admins = await lockActiveAdmins(tx);
  const user = await lockUser(tx, id);
  if (!user) throw notFound('User');
  if (user.isActive) refuseLastOrSelf(actor, id, admins, 'deactivate');
  const changed = await writeUser(tx, id, { isActive: !user.isActive, endSessions: user.isActive });
  if (!changed) throw notFound('User');
  await recordAudit(tx, actor, {
    action: 'user.update',
    target: `user:${id}`,
    details: { changed: differences(user, changed, false) },
  });
  return changed;
}

/** With the user go their API keys and sessions. @throws AppError `not_found`, `forbidden`, `conflict` */
export async function deleteUser(tx: Tx, actor: Actor, id: number): Promise<void> {
  requires(actor.identity, 'admin');
  refuseLastOrSelf(actor, id, await lockActiveAdmins(tx), 'delete');
  const user = await lockUser(tx, id);
  if (!user || !(await removeUser(tx, id))) throw notFound('User');
  await recordAudit(tx, actor, { action: 'user.delete', target: `user:${id}`, details: { username: user.username } });
}

/** @throws AppError `not_found` */
export async function getUser(queryable: Queryable, id: number): Promise<User> {
  const user = await selectUser(queryable, id);
  if (!user) throw notFound('User');
  return user;
}

/**
 * @param filter `sort` as the request has it: `username`, `created_at`…
 * @returns the page and how many there are in all; a page past the end is empty
 * @throws AppError `validation` of a `sort` that there is not
 */
export async function listUsers(
  queryable: Queryable,
  filter: Omit<UserFilter, 'sort'> & { readonly sort: string },
): Promise<{ readonly items: User[]; readonly total: number }> {
  const sort = USER_SORTS.find((name) => name === filter.sort);
  if (sort === undefined) throw invalidField('sort', `must be one of ${USER_SORTS.join(', ')}`);
  // Neither has a NUL ever, and the database would not even take the question.
  if (filter.search?.includes('\0') || filter.role?.includes('\0')) return { items: [], total: 0 };
  return selectUsers(queryable, { ...filter, sort });
}

export async function userStats(queryable: Queryable): Promise<UserStats> {
  return selectUserStats(queryable);
}

async function checkRole(queryable: Queryable, role: string): Promise<void> {
  if (!ROLE_NAME.test(role) || !(await roleExists(queryable, role))) throw unknownRole(role);
}

function unknownRole(role: string): AppError {
  return invalidField('role', `there is no role "${role.slice(0, 50)}"`);
}

/** Runs a write and puts what the database refuses (also a role deleted a moment ago) into the user's words. */
async function naming<T>(role: string, write: () => Promise<T>, username = ''): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (sqlState(error) === UNIQUE_VIOLATION) throw usernameTaken(username);
    if (sqlState(error) === FOREIGN_KEY_VIOLATION) throw unknownRole(role);
    throw error;
  }
}

function usernameTaken(username: string): AppError {
  return new AppError('conflict', `There is a user named "${username}" already.`, {
    details: [{ field: 'username', message: 'is taken' }],
  });
}

/** @param admins all active ones, locked by this transaction, so that no other can remove one meanwhile */
function refuseLastOrSelf(actor: Actor, id: number, admins: readonly number[], verb: string): void {
  if (actor.identity.userId === id) throw new AppError('conflict', `You cannot ${verb} yourself.`);
  if (admins.length === 1 && admins[0] === id) {
    throw new AppError('conflict', `This is the last active admin; make another one before you ${verb} this one.`);
  }
}

function differences(before: User, after: User, password: boolean): Record<string, unknown> {
  const changed: Record<string, unknown> = {};
  for (const field of ['username', 'role', 'email', 'isActive'] as const) {
    if (before[field] !== after[field]) changed[field] = { from: before[field], to: after[field] };
  }
  if (password) changed.password = 'changed';
  return changed;
}
