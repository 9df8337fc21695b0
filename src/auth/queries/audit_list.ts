import type { Queryable } from '../../store/store.ts';

export interface AuditRecord {
  readonly id: number;
  readonly at: Date;
  readonly principal: string;
  readonly actorName: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: 'ok' | 'denied';
  readonly address: string | null;
  readonly requestId: string | null;
  readonly details: Record<string, unknown>;
}

export interface AuditFilter {
  readonly principal?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** Only records older than this one: the id of the last record of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The newest first. */
export async function selectAudit(queryable: Queryable, filter: AuditFilter): Promise<AuditRecord[]> {
  return queryable.query<AuditRecord>(
    `SELECT id, at, principal, actor_name AS "actorName", action, target, outcome, address,
            request_id AS "requestId", details
       FROM longshore.audit
      WHERE ($1::text IS NULL OR principal = $1)
        AND ($2::text IS NULL OR action = $2)
        AND ($3::text IS NULL OR target = $3)
        AND ($4::bigint IS NULL OR id < $4)
      ORDER BY id DESC
      LIMIT $5`,
    [filter.principal ?? null, filter.action ?? null, filter.target ?? null, filter.before ?? null, filter.limit],
  );
}
