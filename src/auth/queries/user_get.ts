import type { Queryable, Tx } from '../../store/store.ts';

/** All that may be shown of a user; the password's hash is not among it. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly role: string;
  readonly email: string | null;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lastLoginAt: Date | null;
}

export const USER_COLUMNS = `u.id, u.username, u.role, u.email, u.is_active AS "isActive",
            u.created_at AS "createdAt", u.updated_at AS "updatedAt", u.last_login_at AS "lastLoginAt"`;

export async function selectUser(queryable: Queryable, id: number): Promise<User | undefined> {
  const [row] = await queryable.query<User>(`SELECT ${USER_COLUMNS} FROM longshore.users u WHERE u.id = $1`, [id]);
  return row;
}

export interface UserSecret {
  readonly id: number;
  readonly username: string;
  readonly role: string;
  readonly isActive: boolean;
  readonly passwordHash: string;
  readonly tokenGeneration: number;
}

const SECRET_COLUMNS = `id, username, role, is_active AS "isActive", password_hash AS "passwordHash",
            token_generation AS "tokenGeneration"`;

/** @param usernameKey the folded username */
export async function selectSecretByName(queryable: Queryable, usernameKey: string): Promise<UserSecret | undefined> {
  const [row] = await queryable.query<UserSecret>(
    `SELECT ${SECRET_COLUMNS} FROM longshore.users WHERE username_key = $1`,
    [usernameKey],
  );
  return row;
}

export async function selectSecretById(queryable: Queryable, id: number): Promise<UserSecret | undefined> {
  const [row] = await queryable.query<UserSecret>(`SELECT ${SECRET_COLUMNS} FROM longshore.users WHERE id = $1`, [id]);
  return row;
}

export async function lockUser(tx: Tx, id: number): Promise<User | undefined> {
  const [row] = await tx.query<User>(`SELECT ${USER_COLUMNS} FROM longshore.users u WHERE u.id = $1 FOR UPDATE`, [id]);
  return row;
}

/**
 * Locks every active admin, in order of id so that two callers cannot block each other. Who waits here sees what the
 * one before has left: the ids are those of now, not of when the wait began.
 */
export async function lockActiveAdmins(tx: Tx): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `SELECT id FROM longshore.users WHERE role = 'admin' AND is_active ORDER BY id FOR UPDATE`,
  );
  return rows.map((row) => row.id);
}
