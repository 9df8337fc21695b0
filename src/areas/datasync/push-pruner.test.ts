import { expect, test } from 'vitest';
import { createTestDatabase, silent } from '../../../test/support/database.ts';
import { enqueueOne } from '../../../test/support/runs.ts';
import { idOf } from './ids.ts';
import { AREA, LOAD_KIND } from './kinds.ts';
import { blobOf } from './push-blob.ts';
import { pushPruner } from './push-pruner.ts';
import type { PushKind } from './queries/push_request.ts';

const { store } = await createTestDatabase();
const RETENTION_DAYS = 30;

interface Made {
  readonly kind?: PushKind;
  /** Hours ago that it came and its load ended. */
  readonly hours: number;
  /** How its load ended; undefined = it has not. */
  readonly state?: 'succeeded' | 'failed';
  /** Whether a job reads it. */
  readonly read?: boolean;
}

/** Something that came in. @returns the id of its blob */
async function make({ kind = 'batch', hours, state, read = false }: Made): Promise<number> {
  const blobId = await store.transaction((tx) => blobOf(tx, Buffer.from('x')));
  const spec = { connector: { type: 'file', config: { file_id: idOf('file', blobId) } } };
  const runId = await enqueueOne(store, { area: AREA, kind: LOAD_KIND, spec });
  const ago = [hours];
  await store.query(
    `UPDATE longshore.blobs SET created_at = now() - make_interval(hours => $1) WHERE id = ${blobId}`,
    ago,
  );
  await store.query(
    `INSERT INTO longshore.push_requests (kind, blob_id, run_id, created_at)
     VALUES ($2, ${blobId}, ${runId}, now() - make_interval(hours => $1))`,
    [hours, kind],
  );
  if (state) {
    await store.query(
      `UPDATE longshore.runs SET state = $2, finished_at = now() - make_interval(hours => $1) WHERE id = ${runId}`,
      [hours, state],
    );
  }
  if (read) {
    await store.query(
      `INSERT INTO longshore.jobs (area, kind, name, spec, status, priority, retry_count, retry_delay_seconds)
       VALUES ($1, 'data_sync', $2, $3, 'active', 1, 0, 0)`,
      [AREA, `reads ${blobId}`, JSON.stringify(spec)],
    );
  }
  return blobId;
}

async function left(table: string, column: string): Promise<number[]> {
  const rows = await store.query<{ id: number }>(`SELECT ${column} AS id FROM longshore.${table} ORDER BY 1`);
  return rows.map(({ id }) => id);
}

test('pushes go a day after they were loaded, all else with the retention; not what is still read', async () => {
  const old = RETENTION_DAYS * 24 + 1;
  const gone = [
    await make({ hours: 25, state: 'succeeded' }),
    await make({ kind: 'webhook', hours: 25, state: 'succeeded' }),
    await make({ hours: old, state: 'failed' }),
    await make({ kind: 'file', hours: old, state: 'succeeded' }),
  ];
  const kept = [
    await make({ hours: 23, state: 'succeeded' }),
    await make({ hours: 25, state: 'failed' }),
    await make({ kind: 'file', hours: 25, state: 'succeeded' }),
    await make({ hours: old }),
    await make({ kind: 'file', hours: old, state: 'succeeded', read: true }),
  ];
  // A stream that broke off, and whose bytes are gone already.
  await store.query(
    "INSERT INTO longshore.push_requests (kind, blob_id, complete, created_at) VALUES ('stream', 999, false, now() - interval '26 hours')",
  );
  await store.query(
    `INSERT INTO longshore.sync_quarantine (job_id, run_id, ordinal, reason, raw, whole, created_at)
     VALUES (NULL, 1, 0, '', '', false, now() - interval '31 days'), (NULL, 1, 1, '', '', false, now()),
       (7, 1, 2, '', '', false, now() - interval '31 days')`,
  );
  const pruner = pushPruner({ store, logger: silent, retentionDays: RETENTION_DAYS });
  await pruner.start();
  // Waits for the round under way.
  await pruner.stop();
  expect(await left('blobs', 'id')).toEqual(kept);
  // What was loaded is known for as long as the retention.
  expect(await left('push_requests', 'blob_id')).toEqual([...gone.slice(0, 2), ...kept]);
  expect(await left('sync_quarantine', 'ordinal')).toEqual([1]);
});
