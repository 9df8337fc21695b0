import type { Queryable, Tx } from '../../store/store.ts';

export interface RoleRow {
  readonly name: string;
  readonly description: string;
  /** Null for a built-in one. */
  readonly permissions: string[] | null;
  readonly users: number;
}

const COLUMNS = `r.name, r.description, r.permissions,
            (SELECT count(*) FROM longshore.users u WHERE u.role = r.name) AS users`;

export async function selectRoles(queryable: Queryable): Promise<RoleRow[]> {
  return queryable.query<RoleRow>(
    `SELECT ${COLUMNS} FROM longshore.roles r ORDER BY r.permissions IS NOT NULL, r.name`,
  );
}

/** Locks the role: until the transaction ends nobody can be given it. */
export async function lockRole(tx: Tx, name: string): Promise<RoleRow | undefined> {
  await tx.query('SELECT 1 FROM longshore.roles WHERE name = $1 FOR UPDATE', [name]);
  // A statement of its own: its snapshot is later than the lock, so it counts whoever was given the role before.
  const [row] = await tx.query<RoleRow>(`SELECT ${COLUMNS} FROM longshore.roles r WHERE r.name = $1`, [name]);
  return row;
}

export async function roleExists(queryable: Queryable, name: string): Promise<boolean> {
  return (await queryable.query('SELECT 1 FROM longshore.roles WHERE name = $1', [name])).length > 0;
}

/** @returns undefined when there is no such user */
export async function selectRoleOfUser(
  queryable: Queryable,
  userId: number,
): Promise<{ readonly role: string; readonly permissions: string[] | null } | undefined> {
  const [row] = await queryable.query<{ role: string; permissions: string[] | null }>(
    `SELECT r.name AS role, r.permissions
       FROM longshore.users u JOIN longshore.roles r ON r.name = u.role WHERE u.id = $1`,
    [userId],
  );
  return row;
}
