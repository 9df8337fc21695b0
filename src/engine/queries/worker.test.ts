import { beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { registration } from '../../../test/support/runs.ts';
import type { Store } from '../../store/store.ts';
import { sessionClose, sessionOpen } from './session.ts';
import { workersList } from './worker.ts';

const SESSIONS = 5000;

describe('workers with many sessions', () => {
  let store: Store;
  beforeAll(async () => {
    store = (await createTestDatabase()).store;
  });

  it('are shown as their latest session says, found without reading the others', async () => {
    const join = async (id: string) => {
      const opened = await store.transaction((tx) => sessionOpen(tx, registration({ worker_id: id }), null));
      return opened?.sessionId ?? 0;
    };
    await sessionClose(store, await join('gone'));
    await store.query(
      `INSERT INTO longshore.worker_sessions (worker_id, started_at, lease_until, ended_at, end_reason)
       SELECT 'gone', now() - interval '2 days', now() - interval '2 days', now() - interval '1 day', 'lapsed'
       FROM generate_series(1, ${SESSIONS})`,
    );
    await join('here');
    await sessionClose(store, await join('here'));
    await join('here');
    await store.query(
      `INSERT INTO longshore.worker_sessions (worker_id, started_at, lease_until, ended_at, end_reason)
       SELECT 'here', now() - interval '1 day', now() - interval '1 day', now() - interval '1 day', 'lapsed'
       FROM generate_series(1, ${SESSIONS})`,
    );
    await store.query('ANALYZE longshore.worker_sessions');
    await store.transaction(async (tx) => {
      expect((await workersList(tx)).map(({ id, online }) => ({ id, online }))).toEqual([
        { id: 'gone', online: false },
        { id: 'here', online: true },
      ]);
      const [read] = await tx.query<{ n: number }>(
        `SELECT seq_tup_read + idx_tup_fetch AS n FROM pg_stat_xact_user_tables
         WHERE schemaname = 'longshore' AND relname = 'worker_sessions'`,
      );
      expect(read?.n).toBeLessThan(SESSIONS / 10);
    });
  });
});
