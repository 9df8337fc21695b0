import type { Queryable } from '../../store/store.ts';

export interface UserStats {
  readonly total: number;
  readonly active: number;
  readonly inactive: number;
  readonly byRole: Readonly<Record<string, number>>;
}

export async function selectUserStats(queryable: Queryable): Promise<UserStats> {
  const rows = await queryable.query<{ role: string; total: number; active: number }>(
    `SELECT r.name AS role, count(u.id) AS total, count(u.id) FILTER (WHERE u.is_active) AS active
       FROM longshore.roles r LEFT JOIN longshore.users u ON u.role = r.name
      GROUP BY r.name ORDER BY r.name`,
  );
  const total = rows.reduce((sum, row) => sum + row.total, 0);
  const active = rows.reduce((sum, row) => sum + row.active, 0);
  return { total, active, inactive: total - active, byRole: Object.fromEntries(rows.map((r) => [r.role, r.total])) };
}
