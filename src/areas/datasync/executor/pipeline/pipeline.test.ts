import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../../../test/support/database.ts';
import { AttemptAborted, type Json, type RunContext } from '../../../../protocol/executor.ts';
import { openDatabaseDestination } from '../destinations/database.ts';
import { compileTransforms } from '../transforms/compile.ts';
import type { Transformations } from '../transforms/spec.ts';
import type { Batch, ReadFrom, Row, Source } from './contracts.ts';
import { type PipelineOptions, runPipeline } from './pipeline.ts';

const database = await createTestDatabase();
const client = new pg.Client({ connectionString: database.directUrl });
beforeAll(async () => {
  await client.connect();
  await client.query('CREATE SCHEMA data');
});
afterAll(() => client.end());

/** Numbered rows, `size` a batch; `before` is called with the ordinal of each batch's first row. */
class Numbers implements Source {
  readonly #rows: readonly Row[];
  readonly #size: number;
  readonly before: ((ordinal: number) => void)[] = [];
  readonly begun: ReadFrom[] = [];

  constructor(rows: readonly Row[], size = 10) {
    this.#rows = rows;
    this.#size = size;
  }

  async *read(from: ReadFrom): AsyncGenerator<Batch, Json | undefined> {
    this.begun.push(from);
    const start = (from.position as number | undefined) ?? 0;
    for (let at = start; at < this.#rows.length; at += this.#size) {
      for (const tell of this.before) tell(at);
      const rows = this.#rows.slice(at, at + this.#size).map((row) => ({ ...row }));
      yield { rows, ordinals: rows.map((_, index) => at + index), rejects: [], position: at + rows.length };
    }
    return this.#rows.length;
  }

  async close(): Promise<void> {}
}

interface Attempt {
  readonly emitted: { type: string; rows: Json[] }[];
  readonly warnings: string[];
  /** As it was told last. */
  progress: [done: number, total: number | undefined] | undefined;
  abort(reason: 'pause' | 'cancel'): void;
  readonly context: RunContext;
}

function attemptOf(runId: number, epoch = 1): Attempt {
  const abort = new AbortController();
  const emitted: Attempt['emitted'] = [];
  const attempt: Attempt = {
    emitted,
    warnings: [],
    progress: undefined,
    abort: (reason) => abort.abort(new AttemptAborted(reason)),
    context: {
      runId,
      epoch,
      attempt: epoch,
      idempotencyKey: `run-${runId}`,
      signal: abort.signal,
      savedState: undefined,
      log(level, message) {
        if (level === 'warning') attempt.warnings.push(message);
      },
      progress(done, total) {
        attempt.progress = [done, total];
      },
      checkpoint: async () => {},
      emit: async (type, rows) => {
        emitted.push({ type, rows });
      },
      openBlob() {
        throw new Error('there is no blob');
      },
    },
  };
  return attempt;
}

let tables = 0;
function newTable(): string {
  tables += 1;
  return `numbers_${tables}`;
}

interface How {
  readonly mode?: 'append' | 'upsert' | 'overwrite';
  readonly transformations?: Transformations;
  readonly options?: Partial<PipelineOptions>;
}

function run(
  source: Source,
  table: string,
  attempt: Attempt,
  { mode = 'append', transformations = [], options }: How = {},
) {
  const { context } = attempt;
  const destination = openDatabaseDestination({
    login: { engine: 'postgresql', url: database.directUrl },
    connect: { allowPrivate: true, applicationName: 'pipeline test' },
    schema: 'data',
    table,
    mode,
    keyColumns: mode === 'upsert' ? ['id'] : [],
    schemaPolicy: 'evolve',
    onMissing: 'keep',
    missingThreshold: 0.2,
    conflict: { strategy: 'source_wins' },
    changeEvents: false,
    fullRefresh: true,
    jobKey: `${table}:1`,
    runId: context.runId,
    epoch: context.epoch,
    log() {},
  });
  return runPipeline(
    {
      source,
      destination,
      transform: compileTransforms(transformations),
      definition: 'the same',
      incremental: false,
      continuesFailedRuns: mode === 'append',
      takesOver: undefined,
      jobState: undefined,
      maxErrors: null,
      maxErrorRatio: null,
      ...options,
    },
    context,
  );
}

async function ids(table: string): Promise<number[]> {
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM data.${table} ORDER BY id::int`);
  return rows.map(({ id }) => Number(id));
}

const hundred: Row[] = Array.from({ length: 100 }, (_, id) => ({ id, name: `row ${id}` }));
const all = hundred.map(({ id }) => id);

describe('a run', () => {
  it('carries every record over, and tells how many', async () => {
    const table = newTable();
    const result = await run(new Numbers(hundred), table, attemptOf(1));
    expect(result).toEqual({
      records_read: 100,
      records_written: 100,
      records_rejected: 0,
      records_removed: 0,
      exactly_once: true,
    });
    expect(await ids(table)).toEqual(all);
  });

  it('that appends does not repeat what one before it had done, and did not live to tell', async () => {
    const table = newTable();
    const result = await run(new Numbers(hundred), table, attemptOf(5));
    const source = new Numbers(hundred);
    const options = { takesOver: 4 };
    const { exactly_once, records_removed, ...counts } = result;
    // What a run did not do is not among its counts, or they would be counted twice; also when it is tried again.
    for (const [runId, epoch] of [
      [6, 1],
      [6, 2],
      [7, 1],
    ] as const) {
      const attempt = attemptOf(runId, epoch);
      expect(await run(source, table, attempt, { options })).toEqual({
        records_read: 0,
        records_written: 0,
        records_rejected: 0,
        ...{ records_removed, exactly_once },
        taken_over_from: { run_id: 'run_5', ...counts },
      });
      expect(attempt.progress).toEqual(epoch === 1 ? [0, 0] : undefined);
      expect(attempt.warnings).toEqual(epoch === 1 ? [expect.stringContaining('run_5 had committed all of this')] : []);
    }
    expect(source.begun).toEqual([]);
    expect(await ids(table)).toEqual(all);
    // What a run before those has done was told of.
    await run(source, table, attemptOf(9), { options: { takesOver: 8 } });
    expect(await ids(table)).toHaveLength(200);
    // Nor is it the same when something else was to be done.
    await run(source, table, attemptOf(10), { options: { takesOver: 9, definition: 'another' } });
    expect(await ids(table)).toHaveLength(300);
  });

  it('goes on behind what was committed when it was paused', async () => {
    const table = newTable();
    const source = new Numbers(hundred);
    const first = attemptOf(1);
    source.before.push((ordinal) => ordinal === 50 && first.abort('pause'));
    await expect(run(source, table, first)).rejects.toThrow(AttemptAborted);
    expect(await ids(table)).toEqual(all.slice(0, 50));
    source.before.length = 0;
    const second = attemptOf(1, 2);
    const result = await run(source, table, second);
    expect(source.begun[1]?.position).toBe(50);
    // What was told of records behind that counts no more; before the first attempt nobody has told anything.
    const started = [first, second].map(({ emitted }) => emitted.find(({ type }) => type === 'started')?.rows);
    expect(started).toEqual([[{}], [{ from: 50 }]]);
    expect(result).toMatchObject({ records_read: 100, records_written: 100 });
    expect(await ids(table)).toEqual(all);
  });

  it('writes nothing more once its report was lost and it is done anew', async () => {
    const table = newTable();
    await run(new Numbers(hundred), table, attemptOf(1));
    const source = new Numbers(hundred);
    expect(await run(source, table, attemptOf(1, 2))).toMatchObject({ records_read: 100, records_written: 100 });
    expect(source.begun).toEqual([]);
    expect(await ids(table)).toEqual(all);
  });

  it('appends no row twice after another run of its job failed in the middle', async () => {
    const table = newTable();
    const failing = new Numbers(hundred);
    failing.before.push((ordinal) => {
      if (ordinal === 30) throw new Error('the source is gone');
    });
    await expect(run(failing, table, attemptOf(1))).rejects.toThrow('the source is gone');
    await run(new Numbers(hundred), table, attemptOf(2));
    expect(await ids(table)).toEqual(all);
  });

  it('begins anew where the failed one was to do something else', async () => {
    const table = newTable();
    const failing = new Numbers(hundred);
    failing.before.push((ordinal) => {
      if (ordinal === 30) throw new Error('the source is gone');
    });
    await expect(run(failing, table, attemptOf(1))).rejects.toThrow('the source is gone');
    await run(new Numbers(hundred), table, attemptOf(2), { options: { definition: 'another' } });
    expect(await ids(table)).toHaveLength(130);
  });

  it('is kept off once a later attempt has been there', async () => {
    const table = newTable();
    const stale = attemptOf(1, 1);
    const source = new Numbers(hundred);
    let later: Promise<unknown> | undefined;
    source.before.push((ordinal) => {
      if (ordinal === 50) later = run(new Numbers(hundred), table, attemptOf(1, 2));
    });
    const raced = await Promise.allSettled([run(source, table, stale)]);
    await later;
    // Either it was fenced off, or it had ended before the later one began to write.
    if (raced[0].status === 'rejected') expect(String(raced[0].reason)).toMatch(/later attempt|taken over/);
    expect(await ids(table)).toEqual(all);
  });
});

describe('refused records', () => {
  const someBad: Row[] = hundred.map((row) => (Number(row.id) % 10 === 3 ? { ...row, name: null } : row));
  const required: Transformations = [
    { type: 'validation', config: { rules: [{ field: 'name', rule: 'required', on_fail: 'skip' }] } },
  ];

  it('go to quarantine as they came, with their ordinals, and the rest goes on', async () => {
    const table = newTable();
    const attempt = attemptOf(1);
    const result = await run(new Numbers(someBad), table, attempt, { transformations: required });
    expect(result).toMatchObject({ records_read: 100, records_written: 90, records_rejected: 10 });
    const quarantined = attempt.emitted.filter(({ type }) => type === 'quarantine').flatMap(({ rows }) => rows);
    expect(quarantined).toHaveLength(10);
    expect(quarantined[0]).toMatchObject({ ordinal: 3, whole: true, raw: JSON.stringify(someBad[3]) });
  });

  it('fail the run beyond max_errors, and what is beyond is nowhere', async () => {
    const table = newTable();
    const attempt = attemptOf(1);
    const done = run(new Numbers(someBad), table, attempt, {
      transformations: required,
      options: { maxErrors: 4 },
    });
    await expect(done).rejects.toThrow(/more than max_errors \(4\)/);
    expect(Math.max(...(await ids(table)))).toBe(39);
  });

  it('fail the run beyond max_error_ratio', async () => {
    const many = [...someBad, ...someBad.map((row) => ({ ...row, id: Number(row.id) + 100 }))];
    const done = run(new Numbers(many, 50), newTable(), attemptOf(1), {
      transformations: required,
      options: { maxErrorRatio: 0.05 },
    });
    await expect(done).rejects.toThrow(/of 100 records were refused/);
  });
});

describe('transformations that remember', () => {
  it('know in a second attempt what the first has seen', async () => {
    const twice = [...hundred, ...hundred].map((row, index) => ({ ...row, place: index }));
    const dedupe: Transformations = [{ type: 'dedupe', config: { fields: ['id'] } }];
    const table = newTable();
    const source = new Numbers(twice);
    const first = attemptOf(1);
    source.before.push((ordinal) => ordinal === 100 && first.abort('pause'));
    await expect(run(source, table, first, { transformations: dedupe })).rejects.toThrow(AttemptAborted);
    source.before.length = 0;
    const result = await run(source, table, attemptOf(1, 2), { transformations: dedupe });
    expect(await ids(table)).toEqual(all);
    expect(result).toMatchObject({ records_read: 200, records_written: 100 });
  });
});
