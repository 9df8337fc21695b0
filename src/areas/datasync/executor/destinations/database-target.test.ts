import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { afterFile } from '../../../../../test/support/cleanup.ts';
import { createTestDatabase } from '../../../../../test/support/database.ts';
import { noMariadb, TemporaryMariadb } from '../../../../../test/support/temporary-mariadb.ts';
import type { DatabaseEngine, KeptState } from './database-engine.ts';
import { TargetTable, type WriteSpec } from './database-target.ts';
import { MysqlEngine } from './mysql/engine.ts';
import { PostgresEngine } from './postgresql/engine.ts';

const CONNECT = { applicationName: 'longshore test', allowPrivate: true };
const RUN_ID = 7;
/** Makes an engine for an attempt of a job's run. */
type Maker = (jobKey: string, epoch: number, table: string) => DatabaseEngine;

async function postgres(): Promise<Maker> {
  const { directUrl } = await createTestDatabase({ migrated: false });
  const login = { engine: 'postgresql', url: directUrl } as const;
  return (jobKey, epoch, table) =>
    new PostgresEngine(login, CONNECT, 'public', { jobKey, runId: RUN_ID, epoch }, table);
}

async function mariadb(): Promise<Maker> {
  const server = await TemporaryMariadb.create();
  afterFile(() => server.remove());
  const database = await server.createDatabase();
  const login = { ...server.login, database };
  return (jobKey, epoch, table) =>
    new MysqlEngine(login, CONNECT, database, { jobKey, runId: RUN_ID, epoch }, { table, keys: 1 });
}

function specOf(change: Partial<WriteSpec>): WriteSpec {
  return {
    ...{ table: 't', mode: 'upsert', keyColumns: ['id'], schemaPolicy: 'evolve', onMissing: 'delete' },
    ...{ missingThreshold: 1, conflict: { strategy: 'source_wins' }, changeEvents: false, fullRefresh: true },
    ...{ runId: RUN_ID, log: () => {} },
    ...change,
  };
}

describe.each([
  ['PostgreSQL', postgres, undefined],
  ['MariaDB', mariadb, noMariadb],
] as const)('tables of a run: %s', (_, setup, missing) => {
  let make: Maker;
  const open: DatabaseEngine[] = [];
  beforeAll(async () => {
    if (missing === undefined) make = await setup();
  });
  afterEach(async () => {
    for (const engine of open.splice(0)) await engine.close();
  });

  /** An attempt that has just taken the fence. */
  const attempt = async (jobKey: string, epoch: number, table = 't'): Promise<DatabaseEngine> => {
    const engine = make(jobKey, epoch, table);
    open.push(engine);
    await engine.connect();
    await engine.takeFence(async () => {});
    return engine;
  };
  const id = (engine: DatabaseEngine) => engine.column('id', 'integer', { key: true, wide: false });
  const kept = (scratch: readonly string[]): KeptState => ({
    ...{ run_id: RUN_ID, position: 1, cursor: null, read: 1, written: 1, rejected: 0, complete: false },
    ...{ definition: 'd', destination: { filling: false, told: 0, scratch } },
  });

  it.skipIf(missing)('are not dropped by an attempt that was overtaken before it looked', async () => {
    const stale = await attempt('a:0', 1);
    const later = await attempt('a:0', 2);
    const spec = specOf({ table: 'over', mode: 'overwrite' });
    const target = new TargetTable(later, spec);
    await target.look(undefined);
    await later.change(() => later.createTable(target.name, [id(later)], ['id']));
    await expect(new TargetTable(stale, spec).look(undefined)).rejects.toThrow(/taken over/);
    expect(await later.describe(target.name)).toBeDefined();
  });

  it.skipIf(missing)('are known by being there, and without the noted keys the run begins anew', async () => {
    const engine = await attempt('b:0', 1);
    const spec = specOf({ table: 'noted' });
    await engine.change(() => engine.createTable('noted', [id(engine)], ['id']));
    const { seen } = new TargetTable(engine, spec);
    expect(await new TargetTable(engine, spec).look(kept([]))).toBe(true);
    expect(await new TargetTable(engine, spec).look(kept([seen]))).toBe(false);
    await engine.change(() => engine.createSeen(seen, 'noted', ['id']));
    const target = new TargetTable(engine, spec);
    expect(await target.look(kept([]))).toBe(true);
    expect(target.scratch).toEqual([seen]);
  });

  it.skipIf(missing)('are changed while a run into another table stands still amid a change', async () => {
    const still = await attempt('c:0', 1, 'one');
    const other = await attempt('d:0', 1, 'two');
    await still.change(() => other.change(() => other.createTable('two', [id(other)], ['id'])));
    expect(await other.describe('two')).toBeDefined();
  });
});
