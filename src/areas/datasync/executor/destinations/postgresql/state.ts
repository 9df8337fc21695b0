import { sqlStateOf } from '../../../../../connections/drivers/postgresql.ts';
import { type Fence, type FenceRow, type KeptState, STATE_TABLE } from '../database-engine.ts';
import { generationRange, overtaken, refuseOvertaken } from '../database-fence.ts';
import { execute, qualified, query, quoteName, type Session } from './session.ts';

/** Who makes the same thing at the same moment gets one of these, in spite of IF NOT EXISTS. */
const MADE_BY_ANOTHER = new Set(['23505', '42P06', '42P07', '42710']);

/** Makes the schema and the table of states where they are missing; any number of runs may begin at once. */
export async function ensureStateTable(session: Session): Promise<void> {
  const [found] = await query<{ schema: boolean; state: boolean }>(
    session,
    `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1) AS schema,
            EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = $1 AND c.relname = $2) AS state`,
    [session.schema, STATE_TABLE],
  );
  // Looked up first: who may not make schemas may still write to one that is there.
  if (!found?.schema) await make(session, `CREATE SCHEMA IF NOT EXISTS ${quoteName(session.schema)}`);
  if (!found?.state) {
    // json, not jsonb: that refuses characters which a source's cursor may well hold.
    await make(
      session,
      `CREATE TABLE IF NOT EXISTS ${qualified(session, STATE_TABLE)}
         (job text COLLATE "C" PRIMARY KEY, run_id bigint NOT NULL, epoch integer NOT NULL, state json,
          at timestamptz NOT NULL DEFAULT now())`,
    );
  }
}

async function make(session: Session, sql: string): Promise<void> {
  try {
    await execute(session, sql);
  } catch (error) {
    if (!MADE_BY_ANOTHER.has(sqlStateOf(error) ?? '')) throw error;
  }
}

interface StateRow {
  readonly job: string;
  readonly run_id: string;
  readonly epoch: number;
  readonly state: KeptState | null;
}

/** Within a transaction. See DatabaseEngine.takeFence. */
export async function takeFence(
  session: Session,
  fence: Fence,
  clear: (found: readonly FenceRow[]) => Promise<void>,
): Promise<KeptState | undefined> {
  const table = qualified(session, STATE_TABLE);
  const { jobKey, runId, epoch } = fence;
  // Makes sure that there is a row to lock, of no attempt yet.
  await execute(session, `INSERT INTO ${table} (job, run_id, epoch) VALUES ($1, 0, 0) ON CONFLICT (job) DO NOTHING`, [
    jobKey,
  ]);
  const [from, before] = generationRange(jobKey) ?? [jobKey, jobKey];
  const found = await query<StateRow>(
    session,
    // Each half by the index: the rows of all jobs are not to be read for one's.
    `SELECT job, run_id, epoch, state FROM ${table}
      WHERE job = $1 OR (job >= $2 AND job < $3) ORDER BY job FOR UPDATE`,
    [jobKey, from, before],
  );
  const rows = found.map((row) => ({ ...row, run_id: Number(row.run_id) }));
  refuseOvertaken(rows, fence);
  await clear(rows.map(({ run_id, state }) => ({ runId: run_id, state: state ?? undefined })));
  const former = rows.map(({ job }) => job).filter((job) => job !== jobKey);
  if (former.length > 0) await execute(session, `DELETE FROM ${table} WHERE job = ANY ($1)`, [former]);
  await execute(session, `UPDATE ${table} SET run_id = $2, epoch = $3 WHERE job = $1`, [jobKey, runId, epoch]);
  return rows.find(({ job }) => job === jobKey)?.state ?? undefined;
}

/** Within a transaction: nobody takes the fence before it ends. @throws ExecutorError when somebody has */
export async function holdFence(session: Session, { jobKey, runId, epoch }: Fence): Promise<void> {
  const held = await query(
    session,
    `SELECT 1 FROM ${qualified(session, STATE_TABLE)} WHERE job = $1 AND run_id = $2 AND epoch = $3 FOR UPDATE`,
    [jobKey, runId, epoch],
  );
  if (held.length === 0) throw overtaken();
}

/** See DatabaseEngine.forgetOnce. */
export async function forgetOnce(session: Session): Promise<void> {
  const table = qualified(session, STATE_TABLE);
  // Judged here: the server's operators refuse JSON that has escapes which a cursor may well hold.
  const found = await query<StateRow>(
    session,
    `SELECT job, state FROM ${table}
      WHERE ((job >= 'load_' AND job < 'load\`') OR (job >= 'once_' AND job < 'once\`'))
        AND at < now() - interval '1 day'`,
  );
  const done = found.filter(({ state }) => state?.complete).map(({ job }) => job);
  if (done.length > 0) await execute(session, `DELETE FROM ${table} WHERE job = ANY ($1)`, [done]);
}

export async function saveState(session: Session, { jobKey, runId, epoch }: Fence, state: KeptState): Promise<void> {
  const saved = await execute(
    session,
    `UPDATE ${qualified(session, STATE_TABLE)} SET state = $4, at = now() WHERE job = $1 AND run_id = $2 AND epoch = $3`,
    [jobKey, runId, epoch, JSON.stringify(state)],
  );
  if (saved === 0) throw overtaken();
}
