import { AppError } from '../kernel/errors.ts';
import type { Queryable, Store, Tx } from '../store/store.ts';
import { recordAudit } from './audit.ts';
import { type Actor, identityOf } from './identity.ts';
import { insertFamily } from './queries/family_insert.ts';
import { revokeFamilyById } from './queries/family_revoke.ts';
import { type FamilyRow, selectLiveFamily } from './queries/identity_get.ts';
import { insertRefreshToken } from './queries/refresh_insert.ts';
import { isKnownRefreshToken, isUnspent, lockRefreshToken, spendRefreshToken } from './queries/refresh_spend.ts';
import { ACCESS_TOKEN_SECONDS, newFamilyId, sha256, type TokenCodec } from './token-codec.ts';

/*
 * A sign-in founds a family. A token family lives on by refreshing: each refresh token is spent once, for its
 * successor and a new access token. A spent one that comes again has been stolen, from or by whoever sent it, and
 * ends the whole family, with one exception: for some seconds, and as long as nobody has used the successor, it is
 * answered again with that same successor. So a lost answer, or two tabs that refresh at once, sign nobody out, and a
 * thief gains nothing: whoever uses the shared successor second is found out.
 */

const DAY_SECONDS = 86_400;
/** An unused refresh token ends; so does, after a while, a family however often it was refreshed. */
const REFRESH_TOKEN_SECONDS = 30 * DAY_SECONDS;
const FAMILY_SECONDS = 90 * DAY_SECONDS;
const CONSOLE_SESSION_SECONDS = 12 * 3600;
const REPEAT_SECONDS = 10;

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds that the access token is good for. */
  readonly expiresIn: number;
}

export interface GrantedTokens extends TokenPair {
  /** What the sign-in was limited to; all that its holder may do now where it was not. */
  readonly scope: readonly string[];
}

export interface ConsoleSession {
  /** For the HttpOnly cookie. */
  readonly cookie: string;
  /** For the console to send back in `X-CSRF-Token`. */
  readonly csrfToken: string;
  readonly expiresAt: Date;
}

export interface TokenHolder {
  readonly userId: number;
  /** As read with the credentials: should they be changed meanwhile, nothing is started. */
  readonly tokenGeneration: number;
  readonly principal: string;
  readonly role: string;
  /** The OAuth client, when it is one that buys the tokens. */
  readonly apiKeyId?: string | undefined;
  /** At most what the tokens may do; absent = all that the holder may. */
  readonly scope?: readonly string[] | undefined;
  readonly address?: string | undefined;
}

/** @returns undefined when the credentials have ceased to hold since they were checked */
export async function startTokens(tx: Tx, codec: TokenCodec, holder: TokenHolder): Promise<TokenPair | undefined> {
  const familyId = newFamilyId();
  const started = await insertFamily(tx, {
    id: familyId,
    kind: 'token',
    userId: holder.userId,
    tokenGeneration: holder.tokenGeneration,
    apiKeyId: holder.apiKeyId ?? null,
    scope: holder.scope ?? null,
    address: holder.address ?? null,
    lifeSeconds: FAMILY_SECONDS,
  });
  if (!started) return undefined;
  const refreshToken = codec.newRefresh(familyId);
  await insertRefreshToken(tx, { hash: sha256(refreshToken), familyId, lifeSeconds: REFRESH_TOKEN_SECONDS });
  return {
    accessToken: codec.signAccess({ sub: holder.principal, role: holder.role, sid: familyId }),
    refreshToken,
    expiresIn: ACCESS_TOKEN_SECONDS,
  };
}

/** @returns undefined when the credentials have ceased to hold since they were checked */
export async function startConsoleSession(
  tx: Tx,
  codec: TokenCodec,
  user: Pick<TokenHolder, 'userId' | 'tokenGeneration' | 'address'>,
): Promise<ConsoleSession | undefined> {
  const familyId = newFamilyId();
  const expiresAt = await insertFamily(tx, {
    id: familyId,
    kind: 'console',
    userId: user.userId,
    tokenGeneration: user.tokenGeneration,
    apiKeyId: null,
    scope: null,
    address: user.address ?? null,
    lifeSeconds: CONSOLE_SESSION_SECONDS,
  });
  if (!expiresAt) return undefined;
  return { cookie: codec.session(familyId), csrfToken: codec.csrfToken(familyId), expiresAt };
}

/**
 * Spends a refresh token for a new pair.
 * @param from where the request comes from, for the audit trail
 * @throws AppError `unauthenticated` when it is unknown, over, revoked, or spent before
 */
export async function refreshTokens(
  store: Store,
  codec: TokenCodec,
  refreshToken: string,
  from: Omit<Actor, 'identity'> = {},
): Promise<GrantedTokens> {
  const familyId = codec.refreshFamily(refreshToken);
  if (familyId === undefined) throw refused();
  // The verdict is returned, not thrown: throwing would roll the revocation back.
  const verdict = await store.transaction(async (tx) => {
    const hash = sha256(refreshToken);
    const state = await lockRefreshToken(tx, hash);
    const family = await selectLiveFamily(tx, familyId);
    if (!state || !family || family.kind !== 'token') return undefined;
    const successor = codec.successorOf(refreshToken, familyId);
    if (state.spentSecondsAgo === null) {
      if (state.expired) return undefined;
      await spendRefreshToken(tx, hash);
      await insertRefreshToken(tx, { hash: sha256(successor), familyId, lifeSeconds: REFRESH_TOKEN_SECONDS });
      return { family, successor };
    }
    if (state.spentSecondsAgo < REPEAT_SECONDS && (await isUnspent(tx, sha256(successor)))) {
      return { family, successor };
    }
    await revokeReused(tx, family, from);
    return undefined;
  });
  if (!verdict) throw refused();
  const { principal, role, permissions } = identityOf(verdict.family);
  return {
    accessToken: codec.signAccess({ sub: principal, role, sid: familyId }),
    refreshToken: verdict.successor,
    expiresIn: ACCESS_TOKEN_SECONDS,
    scope: verdict.family.scope ?? [...permissions],
  };
}

async function revokeReused(tx: Tx, family: FamilyRow, from: Omit<Actor, 'identity'>): Promise<void> {
  if (!(await revokeFamilyById(tx, family.sessionId, 'reuse'))) return;
  const identity = identityOf(family);
  await recordAudit(
    tx,
    { ...from, identity },
    { action: 'session.reuse', target: identity.principal, outcome: 'denied' },
  );
}

/** Ends the sign-in that the identity's token or cookie descends from; for an API key sent as such, does nothing. */
export async function signOut(tx: Tx, actor: Actor): Promise<void> {
  const { sessionId, principal } = actor.identity;
  if (sessionId === null || !(await revokeFamilyById(tx, sessionId, 'logout'))) return;
  await recordAudit(tx, actor, { action: 'session.sign_out', target: principal });
}

/**
 * Ends the family of an access or refresh token, whoever holds it. A token that is unknown, spent or over is as good
 * as revoked: that is no error (RFC 7009).
 */
export async function revokeToken(
  tx: Tx,
  codec: TokenCodec,
  token: string,
  from: Omit<Actor, 'identity'> = {},
): Promise<void> {
  const familyId = await provenFamily(tx, codec, token);
  const family = familyId === undefined ? undefined : await selectLiveFamily(tx, familyId);
  if (!family || !(await revokeFamilyById(tx, family.sessionId, 'revoked'))) return;
  const identity = identityOf(family);
  await recordAudit(tx, { ...from, identity }, { action: 'session.revoke', target: identity.principal });
}

/** The token's family, if the token is one that we gave out: its form alone would let anybody end any family. */
async function provenFamily(queryable: Queryable, codec: TokenCodec, token: string): Promise<string | undefined> {
  const familyId = codec.refreshFamily(token);
  if (familyId !== undefined) return (await isKnownRefreshToken(queryable, sha256(token))) ? familyId : undefined;
  try {
    return codec.readAccess(token).sid;
  } catch (error) {
    if (error instanceof AppError && error.code === 'unauthenticated') return undefined;
    throw error;
  }
}

function refused(): AppError {
  return new AppError('unauthenticated', 'The refresh token is not valid; sign in again.');
}
