import { AppError, invalidField } from '../kernel/errors.ts';
import type { Store } from '../store/store.ts';
import { recordAudit } from './audit.ts';
import type { Actor } from './identity.ts';
import { LoginThrottle } from './login-throttle.ts';
import { hashNewPassword, hashPassword, isOutdated, verifyPassword } from './passwords.ts';
import { insertAudit } from './queries/audit_insert.ts';
import { selectSecretById, selectSecretByName, type UserSecret } from './queries/user_get.ts';
import { replaceHash, touchLogin, writeUser } from './queries/user_update.ts';
import { type ConsoleSession, startConsoleSession, startTokens, type TokenPair } from './sessions.ts';
import type { TokenCodec } from './token-codec.ts';
import { usernameKey } from './user-fields.ts';

export interface SignInRequest {
  readonly username: string;
  readonly password: string;
  /** The client's, as the HTTP layer believes it (behind a trusted proxy, the one that it names). */
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface SignedInUser {
  readonly id: number;
  readonly username: string;
  readonly role: string;
}

/** One text for every reason: a stranger must not learn which usernames exist. */
const REFUSED = 'The username or the password is wrong.';

/** @throws AppError `unauthenticated`, `rate_limited` */
export async function signIn(
  store: Store,
  codec: TokenCodec,
  request: SignInRequest,
): Promise<{ readonly user: SignedInUser; readonly tokens: TokenPair }> {
  const user = await checkCredentials(store, request);
  const tokens = await store.transaction(async (tx) => {
    const pair = await startTokens(tx, codec, {
      userId: user.id,
      tokenGeneration: user.tokenGeneration,
      principal: `user:${user.id}`,
      role: user.role,
      address: request.address,
    });
    if (!pair) throw new AppError('unauthenticated', REFUSED);
    await touchLogin(tx, user.id);
    await audit(tx, request, user, 'ok');
    return pair;
  });
  return { user: shown(user), tokens };
}

/** As `signIn`, for the console: answers what its cookies shall hold. */
export async function signInToConsole(
  store: Store,
  codec: TokenCodec,
  request: SignInRequest,
): Promise<{ readonly user: SignedInUser; readonly session: ConsoleSession }> {
  const user = await checkCredentials(store, request);
  const session = await store.transaction(async (tx) => {
    const started = await startConsoleSession(tx, codec, {
      userId: user.id,
      tokenGeneration: user.tokenGeneration,
      address: request.address,
    });
    if (!started) throw new AppError('unauthenticated', REFUSED);
    await touchLogin(tx, user.id);
    await audit(tx, request, user, 'ok');
    return started;
  });
  return { user: shown(user), session };
}

/**
 * A user's own change of password; it ends all their sessions and tokens, this one too. Guesses at the present
 * password are slowed as those at sign-in are.
 * @throws AppError `validation` (of `current_password` when it is wrong), `rate_limited`, `forbidden` for API keys
 */
export async function changeOwnPassword(
  store: Store,
  actor: Actor,
  passwords: { readonly current: string; readonly fresh: string },
): Promise<void> {
  const { identity } = actor;
  if (identity.kind !== 'user' || identity.userId === null) {
    throw new AppError('forbidden', 'Only a user who has signed in can change their password.');
  }
  const userId = identity.userId;
  const throttle = new LoginThrottle(store, usernameKey(identity.username), actor.address);
  await throttle.claim();
  const user = await selectSecretById(store, userId);
  if (!(await verifyPassword(user?.passwordHash, passwords.current))) {
    throw invalidField('current_password', 'is wrong');
  }
  await throttle.succeeded();
  const passwordHash = await hashNewPassword(passwords.fresh, 'new_password');
  await store.transaction(async (tx) => {
    await writeUser(tx, userId, { passwordHash, endSessions: true });
    await recordAudit(tx, actor, { action: 'user.change_password', target: `user:${userId}` });
  });
}

async function checkCredentials(store: Store, request: SignInRequest): Promise<UserSecret> {
  const key = usernameKey(request.username);
  const throttle = new LoginThrottle(store, key, request.address);
  await throttle.claim();
  // A NUL, which no username has, cannot even be asked for.
  const user = key.includes('\0') ? undefined : await selectSecretByName(store, key);
  const matches = await verifyPassword(user?.passwordHash, request.password);
  if (!user || !matches || !user.isActive) {
    await audit(store, request, user, 'denied');
    throw new AppError('unauthenticated', REFUSED);
  }
  await throttle.succeeded();
  if (isOutdated(user.passwordHash)) {
    await replaceHash(store, user.id, user.passwordHash, await hashPassword(request.password));
  }
  return user;
}

async function audit(
  queryable: Parameters<typeof insertAudit>[0],
  request: SignInRequest,
  user: UserSecret | undefined,
  outcome: 'ok' | 'denied',
): Promise<void> {
  await insertAudit(queryable, {
    principal: outcome === 'ok' && user ? `user:${user.id}` : 'anonymous',
    // Not what was typed: people type passwords into the wrong field, and this is kept for ever.
    actorName: user?.username ?? 'unknown',
    action: 'session.sign_in',
    target: user ? `user:${user.id}` : 'user:unknown',
    outcome,
    address: request.address ?? null,
    requestId: request.requestId ?? null,
    details: {},
  });
}

function shown(user: UserSecret): SignedInUser {
  return { id: user.id, username: user.username, role: user.role };
}
