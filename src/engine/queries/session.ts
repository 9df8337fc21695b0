import { storableJson } from '../../kernel/json.ts';
import { LEASE_SECONDS } from '../../protocol/terms.ts';
import type { RegisterRequest, SystemInfo, WorkerSettings } from '../../protocol/worker.ts';
import type { Queryable, Tx } from '../../store/store.ts';

interface SettingsRow {
  max_tasks: number;
  enabled: boolean;
}

/**
 * Opens a session. What an operator has set for this worker id is kept.
 * @returns undefined when a session of another principal is online under this id; what was written is to be undone
 */
export async function sessionOpen(
  tx: Tx,
  worker: RegisterRequest,
  principal: string | null,
): Promise<{ sessionId: number; settings: WorkerSettings } | undefined> {
  const [settings] = await tx.query<SettingsRow>(
    `INSERT INTO longshore.workers AS w (id, name, max_tasks, tags, kinds, hostname, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, max_tasks = excluded.max_tasks, tags = excluded.tags,
       kinds = excluded.kinds, hostname = excluded.hostname, version = excluded.version
     RETURNING coalesce(max_tasks_override, max_tasks) AS max_tasks, enabled`,
    [worker.worker_id, worker.name, worker.max_tasks, worker.tags, worker.kinds, worker.hostname, worker.version],
  );
  if (!settings) throw new Error('registering a worker returned no settings');
  // A statement of its own: of two who join at once, the second waited above, and now sees the first's session.
  const [session] = await tx.query<{ id: number }>(
    `INSERT INTO longshore.worker_sessions (worker_id, principal, lease_until, kill_grace_seconds)
     SELECT $1, $2, now() + interval '${LEASE_SECONDS} seconds', $3
     WHERE NOT EXISTS (SELECT FROM longshore.worker_sessions WHERE worker_id = $1 AND ended_at IS NULL
                       AND lease_until > now() AND principal IS DISTINCT FROM $2)
     RETURNING id`,
    [worker.worker_id, principal, worker.kill_grace_seconds ?? null],
  );
  return session && { sessionId: session.id, settings };
}

/** Renews a lease. @returns undefined when the session has lapsed: a late heartbeat never revives it. */
export async function sessionRenew(
  db: Queryable,
  sessionId: number,
  systemInfo: SystemInfo | undefined,
): Promise<WorkerSettings | undefined> {
  const [row] = await db.query<SettingsRow>(
    `WITH renewed AS (
       UPDATE longshore.worker_sessions SET heartbeat_at = now(),
         lease_until = now() + interval '${LEASE_SECONDS} seconds'
       WHERE id = $1 AND ended_at IS NULL AND lease_until > now() RETURNING id, worker_id
     ), informed AS (
       UPDATE longshore.workers w SET system_info = $2::jsonb FROM renewed
       WHERE w.id = renewed.worker_id AND $2::jsonb IS NOT NULL
     )
     SELECT coalesce(w.max_tasks_override, w.max_tasks) AS max_tasks, w.enabled
     FROM renewed JOIN longshore.workers w ON w.id = renewed.worker_id`,
    [sessionId, systemInfo === undefined ? null : storableJson(systemInfo)],
  );
  return row;
}

export async function sessionClose(db: Queryable, sessionId: number): Promise<void> {
  await db.query(
    `UPDATE longshore.worker_sessions SET ended_at = now(), end_reason = 'left' WHERE id = $1 AND ended_at IS NULL`,
    [sessionId],
  );
}

/** Whether a session's lease is unbroken. */
export async function sessionIsOpen(db: Queryable, sessionId: number): Promise<boolean> {
  const rows = await db.query(
    'SELECT id FROM longshore.worker_sessions WHERE id = $1 AND ended_at IS NULL AND lease_until > now()',
    [sessionId],
  );
  return rows.length > 0;
}

/** Ends sessions whose lease is over. */
export async function sessionsLapse(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE longshore.worker_sessions SET ended_at = now(), end_reason = 'lapsed'
     WHERE id IN (SELECT id FROM longshore.worker_sessions WHERE ended_at IS NULL AND lease_until < now()
                  FOR UPDATE SKIP LOCKED)`,
  );
}

/** Sessions that left in order and yet hold runs: a lease that was under way was committed after they had gone. */
export async function sessionsLeftHolding(db: Queryable): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT id FROM longshore.worker_sessions s
     WHERE s.end_reason = 'left' AND s.ended_at > now() - interval '1 day'
       AND EXISTS (SELECT FROM longshore.runs r WHERE r.session_id = s.id)`,
  );
  return rows.map((row) => row.id);
}

/** The open session of a worker, the newest one, else undefined. */
export async function sessionOfWorker(db: Queryable, workerId: string): Promise<number | undefined> {
  const [row] = await db.query<{ id: number }>(
    `SELECT id FROM longshore.worker_sessions WHERE worker_id = $1 AND ended_at IS NULL AND lease_until > now()
     ORDER BY id DESC LIMIT 1`,
    [workerId],
  );
  return row?.id;
}

/** Whose a session is; the principal is null where the worker is on the database itself. */
export interface SessionOwner {
  readonly workerId: string;
  readonly principal: string | null;
}

/** Whose a session is, ended or not; undefined when there is none. */
export async function ownerOfSession(db: Queryable, sessionId: number): Promise<SessionOwner | undefined> {
  const [owner] = await db.query<SessionOwner>(
    'SELECT worker_id AS "workerId", principal FROM longshore.worker_sessions WHERE id = $1',
    [sessionId],
  );
  return owner;
}
