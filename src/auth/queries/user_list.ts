import type { Queryable } from '../../store/store.ts';
import { USER_COLUMNS, type User } from './user_get.ts';

/** What users may be sorted by, and the column that it is. */
const SORT_COLUMNS = {
  id: 'u.id',
  username: 'u.username_key',
  role: 'u.role',
  email: 'u.email',
  is_active: 'u.is_active',
  created_at: 'u.created_at',
  updated_at: 'u.updated_at',
  last_login_at: 'u.last_login_at',
} as const;

export type UserSort = keyof typeof SORT_COLUMNS;
export const USER_SORTS = Object.keys(SORT_COLUMNS) as readonly UserSort[];

export interface UserFilter {
  /** Part of the username or email, in any case. */
  readonly search?: string | undefined;
  readonly role?: string | undefined;
  readonly isActive?: boolean | undefined;
  readonly sort: UserSort;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly offset: number;
}

const WHERE = `($1::text IS NULL OR u.username ILIKE $1 OR u.email ILIKE $1)
        AND ($2::text IS NULL OR u.role = $2) AND ($3::boolean IS NULL OR u.is_active = $3)`;

export async function selectUsers(
  queryable: Queryable,
  filter: UserFilter,
): Promise<{ readonly items: User[]; readonly total: number }> {
  const pattern = filter.search ? `%${filter.search.replace(/[\\%_]/g, '\\$&')}%` : null;
  const values = [pattern, filter.role ?? null, filter.isActive ?? null];
  const direction = filter.order === 'desc' ? 'DESC' : 'ASC';
  const items = await queryable.query<User>(
    `SELECT ${USER_COLUMNS} FROM longshore.users u WHERE ${WHERE}
      ORDER BY ${SORT_COLUMNS[filter.sort]} ${direction} NULLS LAST, u.id LIMIT $4 OFFSET $5`,
    [...values, filter.limit, filter.offset],
  );
  const [count] = await queryable.query<{ total: number }>(
    `SELECT count(*) AS total FROM longshore.users u WHERE ${WHERE}`,
    values,
  );
  return { items, total: count?.total ?? 0 };
}
