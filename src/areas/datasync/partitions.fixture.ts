import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { expect } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/support/api-server.ts';
import { afterFile } from '../../../test/support/cleanup.ts';
import { Longshore } from '../../../test/support/longshore.ts';
import { eventually } from '../../../test/support/serving.ts';

/** Records that are many enough for each of four partitions to take several batches. */
export const ROWS = 20_000;

interface ChildRow {
  readonly [column: string]: unknown;
  readonly id: number;
  readonly state: string;
  readonly worker_id: string | null;
  readonly number: number;
}

/** A job's connector, and what is not as usual of its other fields. */
export interface WantedJob {
  readonly connector: object;
  readonly mode?: 'append' | 'upsert';
  readonly [field: string]: unknown;
}

async function gone(child: ChildProcessWithoutNullStreams, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** A server with two workers, `one` and `two`, of two tasks each, and jobs that divide their runs into four partitions. */
export class PartitionStage {
  readonly server: TestServer;
  readonly #longshore: Longshore;
  readonly #workers = new Map<string, ChildProcessWithoutNullStreams>();
  #made = 0;

  private constructor(server: TestServer, longshore: Longshore) {
    this.server = server;
    this.#longshore = longshore;
  }

  static async start(): Promise<PartitionStage> {
    const server = await startTestServer();
    const longshore = await Longshore.build({
      DATABASE_URL: server.database.url,
      LONGSHORE_DIRECT_DATABASE_URL: server.database.directUrl,
    });
    const stage = new PartitionStage(server, longshore);
    stage.startWorker('one');
    stage.startWorker('two');
    return stage;
  }

  startWorker(id: string): void {
    const child = this.#longshore.start(
      ['worker', 'start', '--id', id, '--max-tasks', '2', '--drain', '0', '--log-level', 'warn'],
      { LONGSHORE_DATA_DIR: this.server.config.dataDir },
    );
    this.#workers.set(id, child);
    afterFile(() => gone(child, 'SIGTERM'));
  }

  async killWorker(id: string): Promise<void> {
    const child = this.#workers.get(id);
    if (!child) throw new Error(`there is no worker ${id}`);
    await gone(child, 'SIGKILL');
  }

  query<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return this.server.store.query<T & Record<string, unknown>>(sql, [...values]);
  }

  /** What a job is made of: one that writes a table of its own. */
  body({ mode = 'upsert', ...fields }: WantedJob) {
    this.#made += 1;
    return {
      name: `partitioned ${this.#made}`,
      destination: {
        type: 'database',
        table: `copy_${this.#made}`,
        mode,
        ...(mode === 'upsert' ? { key_columns: ['id'] } : {}),
      },
      partitions: 4,
      batch_size: 20,
      change_events: false,
      ...fields,
    };
  }

  async create(wanted: WantedJob): Promise<{ job: string; target: string }> {
    const given = this.body(wanted);
    const answer = await this.server.call('POST', '/v1/sync/jobs', { body: given });
    expect([answer.status, answer.body]).toMatchObject([201, { id: expect.any(String) }]);
    return { job: answer.body.id, target: `data.${given.destination.table}` };
  }

  /** What is said to be wrong with a job that is refused. */
  async refusal(wanted: WantedJob): Promise<unknown> {
    const answer = await this.server.call('POST', '/v1/sync/jobs', { body: this.body(wanted) });
    expect(answer.status).toBe(400);
    return answer.body.error.details;
  }

  async control(job: string, word: string) {
    const answer = await this.server.call('POST', `/v1/sync/jobs/${job}/${word}`);
    return { status: answer.status, run: Number(String(answer.body.run_id).replace('run_', '')), body: answer.body };
  }

  async start(job: string): Promise<number> {
    const { status, run } = await this.control(job, 'start');
    expect(status).toBe(202);
    return run;
  }

  async job(job: string) {
    return (await this.server.call('GET', `/v1/sync/jobs/${job}`)).body;
  }

  /** The job, once its latest run has ended. */
  ended(job: string) {
    return eventually(async () => {
      const found = await this.job(job);
      return found.finished_at === null ? undefined : found;
    });
  }

  children(run: number): Promise<ChildRow[]> {
    return this.query<ChildRow>(
      `SELECT id, state, worker_id, (spec #>> '{partition,number}')::int AS number FROM longshore.runs
       WHERE parent_id = $1 ORDER BY id`,
      [run],
    );
  }

  /** How often a worker was lost with a partition of the run. */
  async losses(run: number): Promise<number> {
    const [lost] = await this.query<{ n: number }>('SELECT sum(losses) AS n FROM longshore.runs WHERE parent_id = $1', [
      run,
    ]);
    return Number(lost?.n);
  }

  /** Keeps everybody from writing to the table, once the partitions have made it and some have written. */
  async held(run: number, target: string): Promise<{ release(): Promise<void> }> {
    const client = new pg.Client({ connectionString: this.server.database.directUrl });
    await client.connect();
    await client.query('BEGIN');
    // On the server, which is no slower than who writes there: a partition must not be done before the lock is taken.
    await client.query(
      `DO $$ DECLARE written boolean := false; BEGIN
         WHILE NOT written LOOP
           PERFORM pg_sleep(0.005);
           IF EXISTS (SELECT FROM pg_tables WHERE schemaname || '.' || tablename = '${target}') THEN
             EXECUTE 'SELECT EXISTS (SELECT FROM ${target})' INTO written;
           END IF;
         END LOOP;
         LOCK TABLE ${target} IN SHARE MODE;
       END $$`,
    );
    await eventually(async () => {
      const found = await this.children(run);
      return found.length === 4 && found.every(({ state }) => state === 'running') ? found : undefined;
    });
    return {
      async release() {
        await client.query('COMMIT');
        await client.end();
      },
    };
  }
}
