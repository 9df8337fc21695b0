import type { Json } from '../../protocol/executor.ts';
import type { Queryable } from '../../store/store.ts';
import type { Worker } from '../model.ts';

interface WorkerRow {
  id: string;
  name: string;
  enabled: boolean;
  online: boolean;
  current_tasks: number;
  max_tasks: number;
  tags: string[];
  kinds: string[];
  hostname: string;
  version: string;
  last_heartbeat: Date | null;
  system_info: Json;
  created_at: Date;
}

const SELECT_WORKERS = `
  SELECT w.id, w.name, w.enabled, coalesce(s.online, false) AS online, s.heartbeat_at AS last_heartbeat,
    coalesce(w.max_tasks_override, w.max_tasks) AS max_tasks, coalesce(w.tags_override, w.tags) AS tags,
    w.kinds, w.hostname, w.version, w.system_info, w.created_at,
    -- Runs that end within milliseconds are leased ahead of the slots; what waits there is no task under way.
    least(coalesce(w.max_tasks_override, w.max_tasks),
      (SELECT count(*) FROM longshore.runs r JOIN longshore.worker_sessions o ON o.id = r.session_id
       WHERE o.worker_id = w.id AND o.ended_at IS NULL)) AS current_tasks
  FROM longshore.workers w
  LEFT JOIN LATERAL (
    SELECT heartbeat_at, ended_at IS NULL AND lease_until > now() AS online
    -- Not in order of id: the planner would walk the primary key back to the last session of a worker long gone.
    FROM longshore.worker_sessions WHERE worker_id = w.id ORDER BY started_at DESC LIMIT 1) s ON true`;

function toWorker(row: WorkerRow): Worker {
  return {
    id: row.id,
    name: row.name,
    enabled: row.enabled,
    online: row.online,
    currentTasks: row.current_tasks,
    maxTasks: row.max_tasks,
    tags: row.tags,
    kinds: row.kinds,
    hostname: row.hostname,
    version: row.version,
    lastHeartbeat: row.last_heartbeat,
    systemInfo: row.system_info,
    createdAt: row.created_at,
  };
}

export async function workersList(db: Queryable): Promise<Worker[]> {
  return (await db.query<WorkerRow>(`${SELECT_WORKERS} ORDER BY w.id`)).map(toWorker);
}

export async function workerGet(db: Queryable, id: string): Promise<Worker | undefined> {
  const [row] = await db.query<WorkerRow>(`${SELECT_WORKERS} WHERE w.id = $1`, [id]);
  return row && toWorker(row);
}

export interface WorkerChange {
  readonly maxTasks?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly enabled?: boolean | undefined;
}

/** Sets what the operator wants over what the worker says of itself. @returns false when there is no such worker */
export async function workerUpdate(db: Queryable, id: string, change: WorkerChange): Promise<boolean> {
  const rows = await db.query(
    `UPDATE longshore.workers SET max_tasks_override = coalesce($2, max_tasks_override),
       tags_override = coalesce($3, tags_override), enabled = coalesce($4, enabled)
     WHERE id = $1 RETURNING id`,
    [id, change.maxTasks ?? null, change.tags ?? null, change.enabled ?? null],
  );
  return rows.length > 0;
}

/** Removes workers that have been gone for long, with their old sessions. */
export async function workersPrune(db: Queryable, days: number): Promise<void> {
  await db.query(
    `DELETE FROM longshore.worker_sessions s WHERE ended_at < now() - make_interval(days => $1)
       AND NOT EXISTS (SELECT FROM longshore.runs r WHERE r.session_id = s.id)`,
    [days],
  );
  await db.query(
    `DELETE FROM longshore.workers w WHERE created_at < now() - make_interval(days => $1)
       AND NOT EXISTS (SELECT FROM longshore.worker_sessions s WHERE s.worker_id = w.id)`,
    [days],
  );
}
