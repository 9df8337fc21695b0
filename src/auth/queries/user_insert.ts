import type { Queryable } from '../../store/store.ts';
import { USER_COLUMNS, type User } from './user_get.ts';

export interface NewUser {
  readonly username: string;
  readonly usernameKey: string;
  readonly passwordHash: string;
  readonly role: string;
  readonly email: string | null;
  readonly isActive: boolean;
}

/** @returns undefined when the username is taken */
export async function insertUser(queryable: Queryable, user: NewUser): Promise<User | undefined> {
  const [row] = await queryable.query<User>(
    `INSERT INTO longshore.users AS u (username, username_key, password_hash, role, email, is_active)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (username_key) DO NOTHING
     RETURNING ${USER_COLUMNS}`,
    [user.username, user.usernameKey, user.passwordHash, user.role, user.email, user.isActive],
  );
  return row;
}
