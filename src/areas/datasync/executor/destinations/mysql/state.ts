import { createHash } from 'node:crypto';
import { ExecutorError } from '../../../../../protocol/executor.ts';
import { type Fence, type FenceRow, type KeptState, STATE_TABLE } from '../database-engine.ts';
import { generationRange, overtaken, refuseOvertaken } from '../database-fence.ts';
import { execute, qualified, query, type Session } from './session.ts';

/** Makes the table of states where it is missing; any number of runs may begin at once. */
export async function ensureStateTable(session: Session): Promise<void> {
  const found = await query(
    session,
    'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [session.schema, STATE_TABLE],
  );
  // Looked up first: who may not make tables may still write to those that are there.
  if (found.length > 0) return;
  await execute(
    session,
    `CREATE TABLE IF NOT EXISTS ${qualified(session, STATE_TABLE)} (
       job varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY,
       run_id bigint NOT NULL, epoch int NOT NULL, state longtext CHARACTER SET utf8mb4,
       at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP) ENGINE=InnoDB`,
  );
}

interface StateRow {
  readonly job: string;
  readonly run_id: number;
  readonly epoch: number;
  readonly state: KeptState | undefined;
}

/** The job's own row, and those of its other generations. */
async function jobsOf(session: Session, jobKey: string): Promise<string[]> {
  const generations = generationRange(jobKey);
  if (generations === undefined) return [jobKey];
  const found = await query<{ job: string }>(
    session,
    `SELECT job FROM ${qualified(session, STATE_TABLE)} WHERE job >= ? AND job < ?`,
    generations,
  );
  return found.map(({ job }) => job);
}

/**
 * Locked for as long as the transaction lasts, and by their keys: a condition that no index answers would lock the rows
 * of all jobs.
 * @throws ExecutorError when a later attempt has been here
 */
async function lockRows(session: Session, fence: Fence, jobs: readonly string[]): Promise<StateRow[]> {
  const found = await query<{ job: string; run_id: number; epoch: number; state: string | null }>(
    session,
    `SELECT job, run_id, epoch, state FROM ${qualified(session, STATE_TABLE)} WHERE job IN (?) ORDER BY job FOR UPDATE`,
    [jobs],
  );
  const rows = found.map(({ job, run_id, epoch, state }) => ({
    ...{ job, epoch, run_id: Number(run_id) },
    state: state === null ? undefined : (JSON.parse(state) as KeptState),
  }));
  refuseOvertaken(rows, fence);
  return rows;
}

type Transaction = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * See DatabaseEngine.takeFence. What is cleared away ends the transaction here, so it is done between two: who may take
 * the fence is asked before, and again when it is taken.
 */
export async function takeFence(
  session: Session,
  fence: Fence,
  transaction: Transaction,
  clear: (found: readonly FenceRow[]) => Promise<void>,
): Promise<KeptState | undefined> {
  const table = qualified(session, STATE_TABLE);
  const { jobKey, runId, epoch } = fence;
  // Makes sure that there is a row to lock, of no attempt yet: locks on what is not there are in each other's way.
  await execute(session, `INSERT IGNORE INTO ${table} (job, run_id, epoch) VALUES (?, 0, 0)`, [jobKey]);
  const jobs = await jobsOf(session, jobKey);
  const found = await transaction(() => lockRows(session, fence, jobs));
  await clear(found.map(({ run_id, state }) => ({ runId: run_id, state })));
  return await transaction(async () => {
    const rows = await lockRows(session, fence, jobs);
    for (const { job } of rows) {
      if (job !== jobKey) await execute(session, `DELETE FROM ${table} WHERE job = ?`, [job]);
    }
    await execute(session, `UPDATE ${table} SET run_id = ?, epoch = ? WHERE job = ?`, [runId, epoch, jobKey]);
    return rows.find(({ job }) => job === jobKey)?.state;
  });
}

/** @throws ExecutorError when another attempt has the fence */
export async function checkFence(session: Session, { jobKey, runId, epoch }: Fence): Promise<void> {
  const held = await query(
    session,
    `SELECT 1 FROM ${qualified(session, STATE_TABLE)} WHERE job = ? AND run_id = ? AND epoch = ?`,
    [jobKey, runId, epoch],
  );
  if (held.length === 0) throw overtaken();
}

/** See DatabaseEngine.forgetOnce. */
export async function forgetOnce(session: Session): Promise<void> {
  const table = qualified(session, STATE_TABLE);
  // Read first: a DELETE would wait for every row on its way that a load under way has locked.
  const found = await query<{ job: string; state: string | null }>(
    session,
    `SELECT job, state FROM ${table}
      WHERE ((job >= 'load_' AND job < 'load\`') OR (job >= 'once_' AND job < 'once\`'))
        AND at < NOW() - INTERVAL 1 DAY`,
  );
  const isComplete = (state: string | null) => state !== null && (JSON.parse(state) as KeptState).complete;
  const done = found.filter(({ state }) => isComplete(state));
  for (const { job } of done) await execute(session, `DELETE FROM ${table} WHERE job = ?`, [job]);
}

export async function saveState(session: Session, { jobKey, runId, epoch }: Fence, state: KeptState): Promise<void> {
  const saved = await execute(
    session,
    `UPDATE ${qualified(session, STATE_TABLE)} SET state = ? WHERE job = ? AND run_id = ? AND epoch = ?`,
    [JSON.stringify(state), jobKey, runId, epoch],
  );
  if (saved === 0) throw overtaken();
}

/** As long as changing a large table may take. */
const LONGEST_CHANGE_SECONDS = 3600;

/**
 * Keeps other runs into the same table from changing it meanwhile; others of the database do not wait. The server lets
 * go by itself when the connection is lost.
 */
export async function holdingTable(session: Session, table: string, work: () => Promise<void>): Promise<void> {
  const name = `longshore ${createHash('sha256').update(qualified(session, table)).digest('hex').slice(0, 40)}`;
  const [lock] = await query<{ held: number | null }>(session, 'SELECT GET_LOCK(?, ?) AS held', [
    name,
    LONGEST_CHANGE_SECONDS,
  ]);
  if (Number(lock?.held) !== 1) throw new ExecutorError(`another run has been changing table "${table}" for an hour`);
  try {
    await work();
  } finally {
    await query(session, 'SELECT RELEASE_LOCK(?)', [name]).catch(() => {});
  }
}
