import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createSigner, createVerifier, TOKEN_ERROR_CODES } from 'fast-jwt';
import { AppError } from '../kernel/errors.ts';
import { randomText } from '../kernel/ids.ts';
import { deriveKey } from './master-key.ts';

export const ACCESS_TOKEN_SECONDS = 3600;
const ISSUER = 'longshore';
const AUDIENCE = 'longshore-api';
/** RFC 9068: no token made for another purpose can pass as one for access. */
const TYPE = 'at+jwt';

/** Longer than any of ours; cut off before any work is spent. */
const MAX_TOKEN_LENGTH = 4096;
const FAMILY = '[0-9a-zA-Z]{22}';
const SECRET = '[A-Za-z0-9_-]{43}';
const REFRESH_TOKEN = new RegExp(`^rt_(${FAMILY})_${SECRET}$`);
const SESSION = new RegExp(`^(${FAMILY})\\.(${SECRET})$`);

export interface AccessClaims {
  /** The identity's principal: `user:1`, `key:client_4fJ…`. */
  readonly sub: string;
  /** The role at the time of issue; a hint for clients, never what is checked. */
  readonly role: string;
  /** The family that the token descends from. */
  readonly sid: string;
}

export interface ReadClaims extends AccessClaims {
  /** When the token ends, in epoch seconds. */
  readonly exp: number;
}

export function newFamilyId(): string {
  return randomText(22);
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function equal(a: string, b: string): boolean {
  // Hashed first: timingSafeEqual wants equal lengths, and the length must not tell anything either.
  return timingSafeEqual(sha256(a), sha256(b));
}

/**
 * Makes and reads every token we give out. Pure: whether a token's family still lives, only the database knows.
 *
 * Refresh tokens: `rt_<family>_<256 bits>`, stored as SHA-256. A token's successor is its HMAC under a server key,
 * not a new draw: a client that lost the answer to a refresh and repeats it gets the very same successor, without the
 * server having kept it, and whoever steals a token cannot work out the next.
 *
 * Console sessions: the cookie is `<family>.<HMAC>`, the CSRF token another HMAC of the same family. So the one is
 * bound to the other, and neither can be made from what stands in the database or in an access token.
 */
export class TokenCodec {
  readonly #sign: (payload: AccessClaims) => string;
  readonly #verify: (token: string) => unknown;
  readonly #refreshKey: Buffer;
  readonly #sessionKey: Buffer;
  readonly #csrfKey: Buffer;

  constructor(masterKey: Buffer) {
    const key = deriveKey(masterKey, 'access token v1');
    this.#refreshKey = deriveKey(masterKey, 'refresh token v1');
    this.#sessionKey = deriveKey(masterKey, 'console session v1');
    this.#csrfKey = deriveKey(masterKey, 'csrf v1');
    this.#sign = createSigner({
      key,
      algorithm: 'HS256',
      iss: ISSUER,
      aud: AUDIENCE,
      expiresIn: ACCESS_TOKEN_SECONDS * 1000,
      header: { alg: 'HS256', typ: TYPE },
    });
    this.#verify = createVerifier({
      key,
      algorithms: ['HS256'],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      checkTyp: TYPE,
      requiredClaims: ['sub', 'sid', 'iat', 'exp', 'iss', 'aud'],
    });
  }

  signAccess(claims: AccessClaims): string {
    return this.#sign(claims);
  }

  /** @throws AppError `unauthenticated` */
  readAccess(token: string): ReadClaims {
    if (token.length > MAX_TOKEN_LENGTH) throw new AppError('unauthenticated', 'The token is not valid.');
    let claims: unknown;
    try {
      claims = this.#verify(token);
    } catch (error) {
      const expired = (error as { code?: unknown }).code === TOKEN_ERROR_CODES.expired;
      throw new AppError('unauthenticated', expired ? 'The token has expired.' : 'The token is not valid.', {
        cause: error,
      });
    }
    if (!isReadClaims(claims)) throw new AppError('unauthenticated', 'The token is not valid.');
    return claims;
  }

  newRefresh(familyId: string): string {
    return `rt_${familyId}_${randomBytes(32).toString('base64url')}`;
  }

  /** @param token one that `refreshFamily` has read */
  successorOf(token: string, familyId: string): string {
    return `rt_${familyId}_${hmac(this.#refreshKey, token)}`;
  }

  /** @returns the family, or undefined when it has not the form of a refresh token */
  refreshFamily(token: string): string | undefined {
    return REFRESH_TOKEN.exec(token)?.[1];
  }

  session(familyId: string): string {
    return `${familyId}.${hmac(this.#sessionKey, familyId)}`;
  }

  /** @returns the family, or undefined when we did not make this session */
  sessionFamily(session: string): string | undefined {
    const familyId = SESSION.exec(session)?.[1];
    return familyId !== undefined && equal(session, this.session(familyId)) ? familyId : undefined;
  }

  /** What the console sends in `X-CSRF-Token` with everything that changes something. */
  csrfToken(familyId: string): string {
    return hmac(this.#csrfKey, familyId);
  }

  csrfMatches(familyId: string, token: string): boolean {
    return equal(token, this.csrfToken(familyId));
  }
}

function hmac(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

function isReadClaims(claims: unknown): claims is ReadClaims {
  if (typeof claims !== 'object' || claims === null) return false;
  const { sub, role, sid, exp } = claims as Record<string, unknown>;
  return typeof sub === 'string' && typeof role === 'string' && typeof sid === 'string' && typeof exp === 'number';
}
