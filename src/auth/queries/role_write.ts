import type { Queryable } from '../../store/store.ts';

interface Role {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
}

/** @returns false when the name is taken */
export async function insertRole(queryable: Queryable, role: Role): Promise<boolean> {
  const rows = await queryable.query(
    `INSERT INTO longshore.roles (name, description, permissions) VALUES ($1, $2, $3)
     ON CONFLICT (name) DO NOTHING RETURNING 1`,
    [role.name, role.description, role.permissions],
  );
  return rows.length > 0;
}

export async function writeRole(queryable: Queryable, role: Role): Promise<void> {
  await queryable.query(
    'UPDATE longshore.roles SET description = $2, permissions = $3, updated_at = now() WHERE name = $1',
    [role.name, role.description, role.permissions],
  );
}

export async function removeRole(queryable: Queryable, name: string): Promise<void> {
  await queryable.query('DELETE FROM longshore.roles WHERE name = $1', [name]);
}
