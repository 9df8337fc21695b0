import { AppError, invalidField, notFound } from '../kernel/errors.ts';
import type { Queryable, Tx } from '../store/store.ts';
import { recordAudit } from './audit.ts';
import { type Actor, requires } from './identity.ts';
import { NAMED_PERMISSIONS, type Permission, rolePermissions } from './permissions.ts';
import { lockRole, type RoleRow, selectRoles } from './queries/role_list.ts';
import { insertRole, removeRole, writeRole } from './queries/role_write.ts';

export interface Role {
  readonly name: string;
  readonly description: string;
  /** All that it amounts to, implied permissions included. */
  readonly permissions: Permission[];
  readonly builtIn: boolean;
  /** How many users have it. */
  readonly users: number;
}

export interface RoleInput {
  readonly name: string;
  readonly description?: string | undefined;
  /** Of the six named permissions. */
  readonly permissions: readonly string[];
}

/** Small letters, digits, - and _, from a letter on. */
export const ROLE_NAME = /^[a-z][a-z0-9_-]{0,49}$/;
const MAX_DESCRIPTION = 500;

/** The built-in roles first. */
export async function listRoles(queryable: Queryable): Promise<Role[]> {
  return (await selectRoles(queryable)).map((row) => ({
    name: row.name,
    description: row.description,
    permissions: [...rolePermissions(row.name, row.permissions)],
    builtIn: row.permissions === null,
    users: row.users,
  }));
}

/** @throws AppError `validation`, `conflict` (the name is taken), `forbidden` */
export async function createRole(tx: Tx, actor: Actor, input: RoleInput): Promise<void> {
  requires(actor.identity, 'admin');
  if (!ROLE_NAME.test(input.name)) {
    throw invalidField('name', 'must be 1 to 50 small letters, digits, - or _ and begin with a letter');
  }
  const role = { name: input.name, ...checkedContent(input) };
  if (!(await insertRole(tx, role))) throw new AppError('conflict', `There is a role named "${input.name}" already.`);
  await recordAudit(tx, actor, {
    action: 'role.create',
    target: `role:${role.name}`,
    details: { permissions: role.permissions },
  });
}

/** Holds at once for everybody who has the role. @throws AppError `validation`, `not_found`, `forbidden` (built in) */
export async function updateRole(tx: Tx, actor: Actor, name: string, input: Omit<RoleInput, 'name'>): Promise<void> {
  requires(actor.identity, 'admin');
  const role = { name, ...checkedContent(input) };
  const before = await lockCustomRole(tx, name);
  await writeRole(tx, role);
  await recordAudit(tx, actor, {
    action: 'role.update',
    target: `role:${name}`,
    details: { permissions: { from: before.permissions, to: role.permissions } },
  });
}

/** @throws AppError `not_found`, `conflict` (somebody has it), `forbidden` (built in) */
export async function deleteRole(tx: Tx, actor: Actor, name: string): Promise<void> {
  requires(actor.identity, 'admin');
  const role = await lockCustomRole(tx, name);
  if (role.users > 0)
    throw new AppError('conflict', `${role.users} users have this role; give them another one first.`);
  await removeRole(tx, name);
  await recordAudit(tx, actor, { action: 'role.delete', target: `role:${name}` });
}

async function lockCustomRole(tx: Tx, name: string): Promise<RoleRow> {
  const role = ROLE_NAME.test(name) ? await lockRole(tx, name) : undefined;
  if (!role) throw notFound('Role');
  if (role.permissions === null) throw new AppError('forbidden', `The role "${name}" is built in.`);
  return role;
}

function checkedContent(input: Omit<RoleInput, 'name'>): { description: string; permissions: string[] } {
  const named: readonly string[] = NAMED_PERMISSIONS;
  const unknown = input.permissions.find((permission) => !named.includes(permission));
  if (unknown !== undefined) throw invalidField('permissions', `each must be one of ${named.join(', ')}`);
  const description = input.description ?? '';
  if (description.length > MAX_DESCRIPTION || description.includes('\0')) {
    throw invalidField('description', `must be at most ${MAX_DESCRIPTION} characters, without NUL`);
  }
  return { description, permissions: [...new Set(input.permissions)] };
}
