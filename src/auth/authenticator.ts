import { AppError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Store, Tx } from '../store/store.ts';
import { keyIdOf, secretMatches } from './api-keys.ts';
import { type Identity, identityOf } from './identity.ts';
import { IdentityCache } from './identity-cache.ts';
import { type KeyRow, selectLiveFamily, selectLiveKey } from './queries/identity_get.ts';
import { touchKey } from './queries/key_update.ts';
import type { TokenCodec } from './token-codec.ts';

/** The channel on which the database says that identities have changed; subscribe `Authenticator.forget` to it. */
export const AUTH_CHANGED_CHANNEL = 'longshore_auth';
export const SESSION_COOKIE = 'longshore_session';

/** How long a revocation may go unnoticed by a server that the database's hint did not reach. */
const CACHE_MS = 3000;
const CACHED_IDENTITIES = 10_000;
const TOUCH_MS = 60_000;

/** What a request brings, as its headers have it. Where there are several, the first of these is the one that counts. */
export interface Credentials {
  /** `Authorization`: `Bearer` and an access token or an API key. */
  readonly authorization?: string | undefined;
  /** `X-API-Key`. */
  readonly apiKey?: string | undefined;
  /** `Cookie`, as it came. */
  readonly cookie?: string | undefined;
  /** `X-CSRF-Token`. */
  readonly csrfToken?: string | undefined;
  /** Whether the method changes nothing (GET, HEAD, OPTIONS). Else a cookie counts only with its CSRF token. */
  readonly safeMethod: boolean;
}

interface CachedKey {
  readonly row: KeyRow;
  readonly identity: Identity;
  touchedAt: number;
}

interface CachedFamily {
  readonly kind: 'token' | 'console';
  readonly identity: Identity;
  readonly expiresAt: number;
}

interface AuthenticatorOptions {
  readonly store: Store;
  readonly codec: TokenCodec;
  readonly logger: Logger;
  /** Milliseconds on a clock that never steps back, for how long identities are remembered. */
  readonly now?: (() => number) | undefined;
}

/**
 * Says who a request comes from. What the database said of a key or a sign-in is remembered for three seconds at
 * most. Whatever is changed through `change` holds at once on this server, and on the others as soon as the database's
 * hint arrives; three seconds is the bound when it does not.
 */
export class Authenticator {
  readonly #store: Store;
  readonly #codec: TokenCodec;
  readonly #logger: Logger;
  readonly #families: IdentityCache<CachedFamily>;
  readonly #keys: IdentityCache<CachedKey>;
  readonly #forgetting = new Set<() => void>();

  constructor(options: AuthenticatorOptions) {
    this.#store = options.store;
    this.#codec = options.codec;
    this.#logger = options.logger;
    const cache = { ttlMs: CACHE_MS, maxEntries: CACHED_IDENTITIES, now: options.now };
    this.#families = new IdentityCache(cache);
    this.#keys = new IdentityCache(cache);
  }

  /**
   * @throws AppError `unauthenticated` with a reason that may be shown; `forbidden` for a cookie without its CSRF token
   */
  async authenticate(credentials: Credentials): Promise<Identity> {
    if (credentials.authorization !== undefined) return this.#byBearer(credentials.authorization);
    if (credentials.apiKey !== undefined) return this.#byKey(credentials.apiKey);
    const session = credentials.cookie === undefined ? undefined : sessionIn(credentials.cookie);
    if (session !== undefined) return this.#bySession(session, credentials);
    throw new AppError('unauthenticated', 'Sign in, or send an API key.');
  }

  /** Runs a change of identities (users, roles, keys, sign-outs) in a transaction, and forgets what it outdates. */
  async change<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.#store.transaction(work);
    } finally {
      // Also after an error: the commit may have happened without our hearing of it.
      this.forget();
    }
  }

  /** The next request of everybody asks the database. */
  forget(): void {
    this.#families.clear();
    this.#keys.clear();
    for (const handler of this.#forgetting) handler();
  }

  /**
   * Calls `handler` whenever identities may have changed: what outlives the request in which its sender was checked
   * asks anew then. It must not throw.
   * @returns a function that ends this
   */
  onForget(handler: () => void): () => void {
    this.#forgetting.add(handler);
    return () => void this.#forgetting.delete(handler);
  }

  async #byBearer(header: string): Promise<Identity> {
    const credential = /^Bearer +(\S+) *$/i.exec(header)?.[1];
    if (credential === undefined) throw new AppError('unauthenticated', 'Authorization must be "Bearer <token>".');
    if (credential.startsWith('sk_')) return this.#byKey(credential);
    if (this.#codec.refreshFamily(credential) !== undefined) {
      throw new AppError('unauthenticated', 'This is a refresh token; send the access token.');
    }
    const claims = this.#codec.readAccess(credential);
    const family = await this.#family(claims.sid);
    if (family?.kind !== 'token' || family.identity.principal !== claims.sub) {
      throw new AppError('unauthenticated', 'The token was revoked.');
    }
    return family.identity;
  }

  async #bySession(session: string, { csrfToken, safeMethod }: Credentials): Promise<Identity> {
    const familyId = this.#codec.sessionFamily(session);
    const family = familyId === undefined ? undefined : await this.#family(familyId);
    if (familyId === undefined || family?.kind !== 'console') {
      throw new AppError('unauthenticated', 'The session is over; sign in again.');
    }
    if (!safeMethod && (csrfToken === undefined || !this.#codec.csrfMatches(familyId, csrfToken))) {
      throw new AppError('forbidden', 'The CSRF token is missing or is not the one of this session.');
    }
    return family.identity;
  }

  async #family(id: string): Promise<CachedFamily | undefined> {
    const family = await this.#families.get(id, async () => {
      const row = await selectLiveFamily(this.#store, id);
      return row && { kind: row.kind, identity: identityOf(row), expiresAt: row.expiresAt.getTime() };
    });
    return family && family.expiresAt > Date.now() ? family : undefined;
  }

  async #byKey(key: string): Promise<Identity> {
    const id = keyIdOf(key);
    const cached =
      id === undefined
        ? undefined
        : await this.#keys.get(id, async () => {
            const row = await selectLiveKey(this.#store, id, 'key');
            return row && { row, identity: identityOf(row), touchedAt: row.lastUsedAt?.getTime() ?? 0 };
          });
    if (!secretMatches(cached?.row.secretHash, key) || !cached) {
      throw new AppError('unauthenticated', 'The API key is unknown, expired or revoked.');
    }
    const { row } = cached;
    if (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now()) {
      throw new AppError('unauthenticated', 'The API key is unknown, expired or revoked.');
    }
    await this.#touch(cached);
    return cached.identity;
  }

  /** At most once a minute a key; not being able to note its use is no reason to refuse it. */
  async #touch(cached: CachedKey): Promise<void> {
    const now = Date.now();
    if (now - cached.touchedAt < TOUCH_MS) return;
    cached.touchedAt = now;
    try {
      await touchKey(this.#store, cached.row.keyId);
    } catch (error) {
      this.#logger.warn({ err: error, key_id: cached.row.keyId }, 'the use of an API key could not be noted');
    }
  }
}

/** Our cookie's value in a `Cookie` header. */
function sessionIn(header: string): string | undefined {
  for (const pair of header.split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value !== undefined && value !== '') return value;
  }
  return undefined;
}
