import pg from 'pg';
import type { Peer } from './peer.ts';

const BATCH = 100;

/**
 * The least that a durable queue on PostgreSQL can do: on a bare table one statement that leases a batch and one that
 * records it as done, over one connection. No events, no counters, no retries, no other worker.
 */
export const floor: Peer = {
  name: 'bare floor',
  server: 'postgres',

  async create(connectionString) {
    const pool = new pg.Pool({ connectionString, max: 1 });
    await pool.query(`CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL,
      rank timestamptz NOT NULL DEFAULT now(), spec jsonb NOT NULL, started_at timestamptz, finished_at timestamptz)`);
    await pool.query("CREATE INDEX floor_lease ON floor (rank, id) WHERE state = 'queued'");
    await pool.end();
  },

  async open(connectionString) {
    const pool = new pg.Pool({ connectionString, max: 1 });
    const insert = (count: number, spec: object) =>
      pool.query("INSERT INTO floor (state, spec) SELECT 'queued', $2 FROM generate_series(1, $1)", [count, spec]);
    return {
      async fill(count) {
        await insert(count, {});
      },
      async trigger(sample) {
        await insert(1, { sample });
      },
      async allRecorded() {
        const { rows } = await pool.query("SELECT NOT EXISTS (SELECT FROM floor WHERE state <> 'succeeded') AS done");
        return rows[0].done;
      },
      close: () => pool.end(),
    };
  },

  async work(connectionString, { onStart }) {
    const pool = new pg.Pool({ connectionString, max: 1 });
    let stopping = false;
    const drained = (async () => {
      while (!stopping) {
        const { rows } = await pool.query<{ id: string; spec: { sample?: number } }>(
          `UPDATE floor f SET state = 'running', started_at = clock_timestamp()
           FROM (SELECT id FROM floor WHERE state = 'queued' ORDER BY rank, id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) p
           WHERE f.id = p.id RETURNING f.id, f.spec`,
        );
        if (rows.length === 0) return;
        for (const { spec } of rows) onStart(spec.sample ?? 0);
        await pool.query("UPDATE floor SET state = 'succeeded', finished_at = clock_timestamp() WHERE id = ANY ($1)", [
          rows.map((row) => row.id),
        ]);
      }
    })();
    return {
      async stop() {
        stopping = true;
        await drained;
        await pool.end();
      },
    };
  },
};
