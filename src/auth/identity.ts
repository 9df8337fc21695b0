import { AppError } from '../kernel/errors.ts';
import { effectivePermissions, intersect, type Permission, rolePermissions } from './permissions.ts';

/** Who a request comes from, and what it may do. */
export interface Identity {
  /** `system` is the command line on this machine and our own background work; no request ever is. */
  readonly kind: 'user' | 'api_key' | 'system';
  /** Stable name for rate limits, idempotency and the audit trail: `user:1`, `key:key_4fJ…`, `system:cli`. */
  readonly principal: string;
  /** The user's id as text, the key's id, or the system's name. */
  readonly id: string;
  /** The user: the one signed in, or the key's owner. Null for the system. */
  readonly userId: number | null;
  readonly username: string;
  readonly role: string;
  /** All that it may do, implied permissions included. */
  readonly permissions: ReadonlySet<Permission>;
  readonly isAdmin: boolean;
  /** Requests a minute, where the key has a limit of its own. */
  readonly rateLimit: number | null;
  /** The sign-in that the token or cookie descends from; null for an API key sent as such. */
  readonly sessionId: string | null;
}

/** Who does something and where from: what the audit trail needs to know. */
export interface Actor {
  readonly identity: Identity;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** What the database says about who holds a credential. */
export interface IdentityRow {
  readonly userId: number;
  readonly username: string;
  readonly role: string;
  readonly rolePermissions: string[] | null;
  readonly keyId: string | null;
  readonly keyPermissions: string[] | null;
  readonly keyRateLimit: number | null;
  readonly sessionId: string | null;
  /** What the sign-in was limited to; null = not at all. */
  readonly scope: string[] | null;
}

/** A key never reaches further than its owner does now, nor a token further than its scope. */
export function identityOf(row: IdentityRow): Identity {
  let permissions = rolePermissions(row.role, row.rolePermissions);
  if (row.keyPermissions) permissions = intersect(permissions, effectivePermissions(row.keyPermissions));
  if (row.scope) permissions = intersect(permissions, effectivePermissions(row.scope));
  const id = row.keyId ?? String(row.userId);
  return Object.freeze<Identity>({
    kind: row.keyId === null ? 'user' : 'api_key',
    principal: row.keyId === null ? `user:${id}` : `key:${id}`,
    id,
    userId: row.userId,
    username: row.username,
    role: row.role,
    permissions,
    isAdmin: permissions.has('admin'),
    rateLimit: row.keyRateLimit,
    sessionId: row.sessionId,
  });
}

/** @param name which part of the system acts, such as `cli` or `setup` */
export function systemIdentity(name: string): Identity {
  return Object.freeze<Identity>({
    kind: 'system',
    principal: `system:${name}`,
    id: name,
    userId: null,
    username: name,
    role: 'admin',
    permissions: effectivePermissions(['admin']),
    isAdmin: true,
    rateLimit: null,
    sessionId: null,
  });
}

/** Whether `identity` has every one of `permissions`. */
export function can(identity: Identity, ...permissions: readonly Permission[]): boolean {
  return permissions.every((permission) => identity.permissions.has(permission));
}

/** @throws AppError `forbidden` that names what is missing */
export function requires(identity: Identity, ...permissions: readonly Permission[]): void {
  const missing = permissions.filter((permission) => !identity.permissions.has(permission));
  if (missing.length > 0) throw new AppError('forbidden', `This needs the permission ${missing.join(' and ')}.`);
}
