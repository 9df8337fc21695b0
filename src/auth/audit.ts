import type { Queryable } from '../store/store.ts';
import type { Actor } from './identity.ts';
import { insertAudit } from './queries/audit_insert.ts';
import { type AuditFilter, type AuditRecord, selectAudit } from './queries/audit_list.ts';

export interface AuditEntry {
  /** `<thing>.<what happened>`, such as `task.create`. */
  readonly action: string;
  /** What it happened to: `task:12`, `user:3`. */
  readonly target: string;
  readonly outcome?: 'ok' | 'denied';
  /** What changed, for whoever reads it later. Never a secret: this can not be taken back. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Writes down who did what. Give it the transaction that does it, so that neither happens without the other.
 * The table only grows: the database refuses to change or delete its rows.
 */
export async function recordAudit(queryable: Queryable, actor: Actor, entry: AuditEntry): Promise<void> {
  await insertAudit(queryable, {
    principal: actor.identity.principal,
    actorName: actor.identity.username,
    action: entry.action,
    target: entry.target,
    outcome: entry.outcome ?? 'ok',
    address: actor.address ?? null,
    requestId: actor.requestId ?? null,
    details: entry.details ?? {},
  });
}

/** The newest first; the next page begins `before` the last id of this one. */
export async function listAudit(queryable: Queryable, filter: AuditFilter): Promise<AuditRecord[]> {
  // No record has a NUL, and the database would not even take the question.
  if ([filter.principal, filter.action, filter.target].some((text) => text?.includes('\0'))) return [];
  return selectAudit(queryable, filter);
}
