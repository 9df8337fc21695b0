import pg from 'pg';
import { expect } from 'vitest';
import { afterFile } from '../../../../test/support/cleanup.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import type { Outbound } from '../../../connections/outbound.ts';
import type { RunContext } from '../../../protocol/executor.ts';
import { datasyncExecutors } from './data-sync.ts';

/** What keeps records from going as text. */
export const LOOKED_AT = [{ type: 'filter', config: { expression: 'true' } }];

/** What is loaded, and where to. */
export interface Load {
  readonly table: string;
  readonly mode: string;
  readonly connector: object;
  readonly transformations?: object[];
  /** The bytes of an uploaded file. */
  readonly file?: string;
  readonly pushed?: boolean;
  /** Of an upsert; `id` unless told. */
  readonly key?: string;
  readonly policy?: string;
  /** The first attempt fails on its way; of a file, behind three quarters of it. */
  readonly breaks?: boolean;
}

/** What a run tells besides its progress. */
class Told {
  readonly emitted: string[] = [];
  omitted = 0;

  take(type: string, rows: readonly unknown[]): void {
    if (type === 'progress') return;
    if (type === 'changes_omitted')
      this.omitted += rows.reduce<number>((sum, row) => sum + (row as { count: number }).count, 0);
    else this.emitted.push(...rows.map((row) => `${type} ${JSON.stringify(row)}`));
  }
}

/** Runs syncs into a database of its own, and tells what has become of its tables. */
export class LaneStage {
  readonly client: pg.Client;
  readonly #url: string;
  readonly #outbound: Outbound;
  #lastRun = 0;

  private constructor(url: string, outbound: Outbound) {
    this.client = new pg.Client(url);
    this.#url = url;
    this.#outbound = outbound;
  }

  static async create(outbound: Outbound): Promise<LaneStage> {
    const { directUrl } = await createTestDatabase({ migrated: false });
    const stage = new LaneStage(directUrl, outbound);
    await stage.client.connect();
    afterFile(() => stage.client.end());
    return stage;
  }

  /** @returns the run's result, what it has told, and how much of that it has only counted */
  async load(load: Load) {
    const [executor] = datasyncExecutors({ outbound: this.#outbound, guard: { allowPrivate: true }, exportDir: '.' });
    this.#lastRun += 1;
    const told = new Told();
    const spec = this.#specOf(load) as never;
    if (load.breaks) await expect(executor?.run(spec, this.#context(1, load, told))).rejects.toThrow();
    const outcome = await executor?.run(spec, this.#context(load.breaks ? 2 : 1, load, told));
    // Batches end elsewhere, so what is told of them comes in another order.
    return { output: outcome?.output, emitted: told.emitted.sort(), omitted: told.omitted };
  }

  #specOf({ table, mode, connector, transformations = [], pushed, key = 'id', policy = 'evolve' }: Load) {
    const keys = mode === 'append' ? {} : { key_columns: [key] };
    return {
      connector,
      transformations,
      ...(pushed ? { pushed } : {}),
      destination: { type: 'database', table, mode, ...keys, schema_policy: policy },
      ...{ key: table, warehouse: { engine: 'postgresql', url: this.#url }, batch_size: 5000 },
    };
  }

  #context(attempt: number, { file = '', breaks }: Load, told: Told): RunContext {
    return {
      ...{ runId: this.#lastRun, attempt, epoch: attempt, idempotencyKey: 'key', savedState: undefined },
      signal: new AbortController().signal,
      log: () => {},
      progress: () => {},
      checkpoint: async () => {},
      emit: async (type, rows) => told.take(type, rows),
      openBlob: async function* () {
        const bytes = Buffer.from(file);
        if (!breaks || attempt > 1) return yield bytes;
        yield bytes.subarray(0, bytes.length * 0.75);
        throw new Error('the server is gone');
      },
    };
  }

  /** Rows in an order of their own, and types. */
  async contents(table: string) {
    const { rows } = await this.client.query<{ row: string }>(
      `SELECT to_jsonb(t)::text AS row FROM data."${table}" t ORDER BY 1`,
    );
    const { fields } = await this.client.query(`SELECT * FROM data."${table}" LIMIT 0`);
    return { rows: rows.map(({ row }) => row), types: fields.map(({ name, dataTypeID }) => [name, dataTypeID]) };
  }
}
