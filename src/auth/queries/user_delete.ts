import type { Queryable } from '../../store/store.ts';

/** With it go its keys, families and tokens. @returns false when there is no such user */
export async function removeUser(queryable: Queryable, id: number): Promise<boolean> {
  return (await queryable.query('DELETE FROM longshore.users WHERE id = $1 RETURNING 1', [id])).length > 0;
}
