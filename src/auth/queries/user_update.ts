import type { Queryable } from '../../store/store.ts';
import { USER_COLUMNS, type User } from './user_get.ts';

/** What is undefined stays as it is. */
export interface UserUpdate {
  readonly username?: string | undefined;
  readonly usernameKey?: string | undefined;
  readonly passwordHash?: string | undefined;
  readonly role?: string | undefined;
  /** Null removes it. */
  readonly email?: string | null | undefined;
  readonly isActive?: boolean | undefined;
  /** Ends every token and session of the user. */
  readonly endSessions: boolean;
}

/** @returns undefined when there is no such user */
export async function writeUser(queryable: Queryable, id: number, update: UserUpdate): Promise<User | undefined> {
  const [row] = await queryable.query<User>(
    `UPDATE longshore.users AS u SET
       username = coalesce($2, u.username),
       username_key = coalesce($3, u.username_key),
       password_hash = coalesce($4, u.password_hash),
       password_changed_at = CASE WHEN $4::text IS NULL THEN u.password_changed_at ELSE now() END,
       role = coalesce($5, u.role),
       email = CASE WHEN $6 THEN $7 ELSE u.email END,
       is_active = coalesce($8, u.is_active),
       token_generation = u.token_generation + CASE WHEN $9 THEN 1 ELSE 0 END,
       updated_at = now()
     WHERE u.id = $1
     RETURNING ${USER_COLUMNS}`,
    [
      id,
      update.username ?? null,
      update.usernameKey ?? null,
      update.passwordHash ?? null,
      update.role ?? null,
      update.email !== undefined,
      update.email ?? null,
      update.isActive ?? null,
      update.endSessions,
    ],
  );
  return row;
}

/** Notes a sign-in. */
export async function touchLogin(queryable: Queryable, id: number): Promise<void> {
  await queryable.query('UPDATE longshore.users SET last_login_at = now() WHERE id = $1', [id]);
}

/** Replaces a hash by one of the same password with newer parameters, unless the password was changed meanwhile. */
export async function replaceHash(queryable: Queryable, id: number, old: string, fresh: string): Promise<void> {
  await queryable.query('UPDATE longshore.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2', [
    id,
    old,
    fresh,
  ]);
}
