import type { Queryable } from '../../store/store.ts';

export interface NewAuditRecord {
  readonly principal: string;
  readonly actorName: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: 'ok' | 'denied';
  readonly address: string | null;
  readonly requestId: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

export async function insertAudit(queryable: Queryable, record: NewAuditRecord): Promise<void> {
  await queryable.query(
    `INSERT INTO longshore.audit (principal, actor_name, action, target, outcome, address, request_id, details)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)`,
    [
      record.principal,
      record.actorName,
      record.action,
      record.target,
      record.outcome,
      record.address,
      record.requestId,
      JSON.stringify(record.details),
    ],
  );
}
