import { timingSafeEqual } from 'node:crypto';
import { AppError, invalidField, notFound } from '../kernel/errors.ts';
import { randomText } from '../kernel/ids.ts';
import type { Queryable, Tx } from '../store/store.ts';
import { recordAudit } from './audit.ts';
import { type Actor, type Identity, requires } from './identity.ts';
import { effectivePermissions, isPermission, PERMISSIONS, type Permission, rolePermissions } from './permissions.ts';
import { insertKey } from './queries/key_insert.ts';
import { type ApiKey, selectKey, selectKeys } from './queries/key_list.ts';
import { markKeyRevoked } from './queries/key_update.ts';
import { selectRoleOfUser } from './queries/role_list.ts';
import { sha256 } from './token-codec.ts';

/*
 * API keys, and OAuth clients: the same thing, but for how it is used. A key is sent with each request; a client's
 * id and secret buy tokens (oauth-clients.ts).
 *
 * A key reads `sk_live_<20: the id><40: the secret>`. The id finds its row, the SHA-256 of the whole is compared in
 * constant time. 40 characters are 238 bits drawn at random: nothing that a slow hash would have to protect.
 */

export type KeyKind = 'key' | 'client';

const ID_LENGTH = 20;
const SECRET_LENGTH = 40;
const KEY = new RegExp(`^sk_live_([0-9a-zA-Z]{${ID_LENGTH}})[0-9a-zA-Z]{${SECRET_LENGTH}}$`);
export const PUBLIC_ID = /^(key|client)_[0-9a-zA-Z]+$/;
const SECRET_PREFIX = { key: 'sk_live_', client: 'cs_live_' } as const satisfies Record<KeyKind, string>;
const NAMES = { key: 'API key', client: 'OAuth client' } as const satisfies Record<KeyKind, string>;
const MAX_RATE_LIMIT = 1_000_000;

export interface KeyInput {
  /** 1 to 200 characters; need not be unique. */
  readonly name: string;
  readonly permissions: readonly string[];
  /** Null or absent: never. */
  readonly expiresAt?: Date | null | undefined;
  /** Requests a minute; null or absent: the common limit. */
  readonly rateLimit?: number | null | undefined;
  /** For whom; an admin's choice. Absent: whoever asks. */
  readonly ownerId?: number | undefined;
}

/** `secret` is shown here and never again. */
export interface CreatedKey extends ApiKey {
  readonly secret: string;
}

/** @returns the key's public id, or undefined when `text` has not the form of a key */
export function keyIdOf(text: string): string | undefined {
  const id = KEY.exec(text)?.[1];
  return id === undefined ? undefined : `key_${id}`;
}

const NOBODY = Buffer.alloc(32);

/** @param stored the SHA-256 of the right secret; undefined, which never matches, takes as long */
export function secretMatches(stored: Buffer | undefined, secret: string): boolean {
  return timingSafeEqual(stored ?? NOBODY, sha256(secret)) && stored !== undefined;
}

/**
 * @throws AppError `validation`; `forbidden` when the key would reach further than whoever makes it or its owner, or
 * when it is made with a key that is not an admin's: keys that breed keys would outlive their own revocation
 */
export async function createApiKey(tx: Tx, actor: Actor, kind: KeyKind, input: KeyInput): Promise<CreatedKey> {
  const { identity } = actor;
  if (identity.kind === 'api_key') requires(identity, 'admin');
  const permissions = checkedPermissions(input.permissions);
  checkInput(input);
  const ownerId = await ownerOf(tx, identity, input.ownerId, permissions);
  refuseMore(permissions, identity.permissions);

  const idPart = randomText(ID_LENGTH);
  const secret = `${SECRET_PREFIX[kind]}${idPart}${randomText(SECRET_LENGTH)}`;
  const key = await insertKey(tx, {
    id: `${kind}_${idPart}`,
    kind,
    name: input.name,
    secretHash: sha256(secret),
    permissions,
    rateLimit: input.rateLimit ?? null,
    createdBy: ownerId,
    expiresAt: input.expiresAt ?? null,
  });
  await recordAudit(tx, actor, {
    action: `api_${kind}.create`,
    target: `key:${key.id}`,
    details: { name: key.name, permissions, owner: ownerId },
  });
  return { ...key, secret };
}

/** Everybody's for admins, one's own for others; the newest first. */
export async function listApiKeys(
  queryable: Queryable,
  identity: Identity,
  kind: KeyKind,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ readonly items: ApiKey[]; readonly total: number }> {
  return selectKeys(queryable, kind, visibleOwner(identity), page);
}

/** @throws AppError `not_found`, also for another's key */
export async function getApiKey(queryable: Queryable, identity: Identity, kind: KeyKind, id: string): Promise<ApiKey> {
  const key = PUBLIC_ID.test(id) ? await selectKey(queryable, kind, id, visibleOwner(identity)) : undefined;
  if (!key) throw notFound(NAMES[kind]);
  return key;
}

/** Also ends the tokens that a client has bought. @throws AppError `not_found`, also for another's or a revoked key */
export async function revokeApiKey(tx: Tx, actor: Actor, kind: KeyKind, id: string): Promise<void> {
  if (!PUBLIC_ID.test(id) || !(await markKeyRevoked(tx, kind, id, visibleOwner(actor.identity))))
    throw notFound(NAMES[kind]);
  await recordAudit(tx, actor, { action: `api_${kind}.revoke`, target: `key:${id}` });
}

/** @returns null when all may be seen. A key without admin sees its owner's, as its owner would. */
function visibleOwner(identity: Identity): number | null {
  return identity.isAdmin ? null : identity.userId;
}

function checkedPermissions(names: readonly string[]): Permission[] {
  const permissions = [...new Set(names)].filter(isPermission);
  if (permissions.length !== new Set(names).size || permissions.length === 0) {
    throw invalidField('permissions', `must be one or more of ${PERMISSIONS.join(', ')}`);
  }
  return permissions;
}

function checkInput(input: KeyInput): void {
  const length = [...input.name].length;
  if (length < 1 || length > 200 || /\p{Cc}/u.test(input.name)) {
    throw invalidField('name', 'must be 1 to 200 characters, without control characters');
  }
  if (input.expiresAt && !(input.expiresAt.getTime() > Date.now())) {
    throw invalidField('expires_at', 'must be in the future');
  }
  const limit = input.rateLimit;
  if (limit !== null && limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= MAX_RATE_LIMIT)) {
    throw invalidField('rate_limit', `must be a whole number from 1 to ${MAX_RATE_LIMIT}`);
  }
}

/** Who shall own the key; when it is somebody else, the key must fit that user's rights too. */
async function ownerOf(
  queryable: Queryable,
  identity: Identity,
  ownerId: number | undefined,
  permissions: readonly Permission[],
): Promise<number> {
  if (ownerId === undefined || ownerId === identity.userId) {
    if (identity.userId === null) throw invalidField('owner_id', 'must name the user who shall own the key');
    return identity.userId;
  }
  requires(identity, 'admin');
  const owner = await selectRoleOfUser(queryable, ownerId);
  if (!owner) throw invalidField('owner_id', 'there is no such user');
  refuseMore(permissions, rolePermissions(owner.role, owner.permissions));
  return ownerId;
}

function refuseMore(wanted: readonly Permission[], held: ReadonlySet<Permission>): void {
  const more = [...effectivePermissions(wanted)].filter((permission) => !held.has(permission));
  if (more.length === 0) return;
  throw new AppError('forbidden', `A key cannot do more than its owner, who lacks ${more.join(', ')}.`);
}
