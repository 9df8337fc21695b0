import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { enqueueOne } from '../../test/support/runs.ts';
import { createJob, deleteJob, triggerJob } from '../engine/jobs.ts';
import type { Json } from '../protocol/executor.ts';
import type { LeasedRun } from '../protocol/worker.ts';
import type { Queryable, Store } from '../store/store.ts';
import { secretsPrune } from './queries/secret.ts';
import { jobOwner, runOwner, SecretDraft, Vault } from './vault.ts';

const key = randomBytes(32);
const vault = new Vault({ key, logger: silent });

let store: Store;
beforeAll(async () => {
  ({ store } = await createTestDatabase());
});
beforeEach(async () => {
  await store.query('DELETE FROM longshore.secrets');
  await store.query('DELETE FROM longshore.runs');
});

function leased(id: number, spec: Json): LeasedRun {
  return {
    id,
    epoch: 1,
    kind: 'noop',
    name: 'test',
    attempt: 1,
    spec,
    timeout_seconds: null,
    idempotency_key: `run-${id}`,
    checkpoint: null,
    log_bytes: 0,
  };
}

/** A run that is not a job's, with `value` sealed as its own under `token`. */
async function runWith(value: Json): Promise<LeasedRun> {
  const draft = new SecretDraft();
  const spec = { token: draft.seal(value) };
  const id = await enqueueOne(store, { spec });
  await store.transaction((tx) => vault.save(tx, runOwner(id), draft, spec));
  return leased(id, spec);
}

let counter = 0;
async function newJob(spec: Json = {}): Promise<number> {
  counter += 1;
  const job = {
    area: 'scheduler',
    kind: 'noop',
    name: `job ${counter}`,
    description: '',
    spec,
    status: 'active',
    schedule: null,
    priority: 'normal',
    tags: [],
    retryCount: 0,
    retryDelaySeconds: 0,
    timeoutSeconds: null,
    maxConcurrent: null,
    pauseOnFailure: false,
    onFinish: null,
  } as const;
  return store.transaction((tx) => createJob(tx, job, null));
}

async function ids(): Promise<string[]> {
  return (await store.query<{ id: string }>('SELECT id FROM longshore.secrets ORDER BY id')).map(({ id }) => id);
}

describe('at rest', () => {
  it('nothing of a secret can be read, and two seals of one value differ', async () => {
    const [first, second] = await store.transaction(async (tx) => [
      await vault.seal(tx, 'webhook:1', 'hunter2 中文'),
      await vault.seal(tx, 'webhook:1', 'hunter2 中文'),
    ]);
    const rows = await store.query<{ sealed: Buffer }>('SELECT sealed FROM longshore.secrets');
    expect(rows).toHaveLength(2);
    for (const { sealed } of rows) expect(sealed.toString('latin1')).not.toContain('hunter2');
    expect(rows[0]?.sealed.subarray(5).equals(rows[1]?.sealed.subarray(5) ?? Buffer.alloc(0))).toBe(false);
    expect(await vault.reveal(store, 'webhook:1', { a: first, b: [second] })).toEqual({
      a: 'hunter2 中文',
      b: ['hunter2 中文'],
    });
  });

  it.each([
    ['was given to another owner', `UPDATE longshore.secrets SET owner = 'webhook:2'`],
    ['was changed', `UPDATE longshore.secrets SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)`],
    ['was cut', `UPDATE longshore.secrets SET sealed = substr(sealed, 1, 20)`],
    ['is of another version', `UPDATE longshore.secrets SET sealed = set_byte(sealed, 0, 2)`],
    ['was renamed', `UPDATE longshore.secrets SET id = 'sec_other'`],
  ])('a secret that %s cannot be opened', async (_what, tampering) => {
    await store.transaction((tx) => vault.seal(tx, 'webhook:1', 'hunter2'));
    await store.query(tampering);
    const [row] = await store.query<{ id: string; owner: `${string}:${string}` }>(
      'SELECT id, owner FROM longshore.secrets',
    );
    if (!row) throw new Error('a secret was expected');
    const reference = { $secret: row.id };
    expect(await vault.reveal(store, row.owner, reference)).toEqual(reference);
  });

  it('a vault with another key opens nothing', async () => {
    const run = await runWith('hunter2');
    const other = new Vault({ key: randomBytes(32), logger: silent });
    expect(await other.resolve(store, [run])).toEqual([run]);
  });
});

describe('resolve', () => {
  it("puts in a run's own secrets and its job's, of any shape, with one statement for all runs", async () => {
    const job = await newJob();
    const draft = new SecretDraft();
    const spec = { auth: { token: draft.seal('of the job') }, list: [draft.seal({ user: 'u', port: 1 })] };
    await store.transaction((tx) => vault.save(tx, jobOwner(job), draft, spec));
    const id = await enqueueOne(store, { jobId: job, spec });
    const own = await runWith('of the run');
    const plain = leased(1, { command: 'true' });
    let statements = 0;
    const counting: Queryable = {
      query: (sql, params) => {
        statements += 1;
        return store.query(sql, params);
      },
    };
    const resolved = await vault.resolve(counting, [leased(id, spec), own, plain]);
    expect(resolved.map((run) => run.spec)).toEqual([
      { auth: { token: 'of the job' }, list: [{ user: 'u', port: 1 }] },
      { token: 'of the run' },
      { command: 'true' },
    ]);
    expect(statements).toBe(1);
  });

  it('asks the database nothing when there is no reference', async () => {
    const silentStore: Queryable = { query: () => Promise.reject(new Error('nothing was to be asked')) };
    const runs = [leased(1, { a: [{ b: 'c' }] }), leased(2, null)];
    expect(await vault.resolve(silentStore, runs)).toBe(runs);
  });

  it("leaves a reference to another job's or run's secret as it is", async () => {
    const [mine, theirs] = [await runWith('mine'), await runWith('theirs')];
    const job = await newJob();
    const stolen = leased(await enqueueOne(store, { jobId: job }), theirs.spec as Json);
    const resolved = await vault.resolve(store, [mine, stolen]);
    expect(resolved[0]?.spec).toEqual({ token: 'mine' });
    expect(resolved[1]?.spec).toEqual(theirs.spec);
  });

  it('finds what the installation itself has, where it has it', async () => {
    const login = { engine: 'postgresql', url: 'postgresql://u:p@h/d' };
    const wellKnown = new Map<string, () => Promise<Json | undefined>>([
      ['warehouse', async () => login],
      ['absent', async () => undefined],
      ['broken', () => Promise.reject(new Error('misconfigured'))],
    ]);
    const knowing = new Vault({ key, logger: silent, wellKnown });
    const spec = { connection: { $secret: 'warehouse' }, other: [{ $secret: 'absent' }, { $secret: 'broken' }] };
    const [run] = await knowing.resolve(store, [leased(1, spec)]);
    expect(run?.spec).toEqual({ connection: login, other: spec.other });
  });
});

describe('what a definition refers to no more', () => {
  /** A job whose definition held `old` and now holds `kept` and `next`. */
  async function changedJob() {
    const draft = new SecretDraft();
    const [old, kept] = [draft.seal('old'), draft.seal('kept')];
    const before = { old, kept };
    const job = await newJob(before);
    await store.transaction((tx) => vault.save(tx, jobOwner(job), draft, before));
    const runId = await store.transaction((tx) => triggerJob(tx, 'scheduler', job, null));
    const change = new SecretDraft();
    const after = { kept, next: change.seal('next') };
    await store.transaction((tx) => vault.save(tx, jobOwner(job), change, after));
    return { job, runId, before, remaining: [kept.$secret, after.next.$secret].sort(), all: 3 };
  }

  it('still serves the runs that were made before, then goes', async () => {
    const { runId, before, remaining, all } = await changedJob();
    expect(await secretsPrune(store, 100)).toBe(0);
    expect(await ids()).toHaveLength(all);
    const [run] = await vault.resolve(store, [leased(runId, before)]);
    expect(run?.spec).toEqual({ old: 'old', kept: 'kept' });
    await store.query(`UPDATE longshore.runs SET state = 'succeeded', finished_at = now() WHERE id = $1`, [runId]);
    expect(await secretsPrune(store, 100)).toBe(1);
    expect(await ids()).toEqual(remaining);
  });

  it('goes with the job, all of it', async () => {
    const { job } = await changedJob();
    const other = await runWith('other');
    await store.transaction((tx) => deleteJob(tx, 'scheduler', job));
    expect(await ids()).toEqual([(other.spec as { token: { $secret: string } }).token.$secret]);
  });

  it('goes with a run that has ended, and not with one that lives; what has other owners stays until it is forgotten', async () => {
    const [live, ended] = [await runWith('live'), await runWith('ended')];
    await store.transaction((tx) => vault.seal(tx, 'webhook:wh_1', 'kept'));
    await store.query(`UPDATE longshore.runs SET state = 'succeeded', finished_at = now() WHERE id = $1`, [ended.id]);
    expect(await secretsPrune(store, 100)).toBe(1);
    expect((await vault.resolve(store, [live]))[0]?.spec).toEqual({ token: 'live' });
    expect(await ids()).toHaveLength(2);
    await store.transaction((tx) => vault.forget(tx, 'webhook:wh_1'));
    expect(await ids()).toHaveLength(1);
  });

  it('is pruned batch by batch, whoever its owner is', async () => {
    const reference = await store.transaction((tx) => vault.seal(tx, 'webhook:wh_1', 'a'));
    await store.transaction((tx) => vault.save(tx, 'webhook:wh_1', new SecretDraft(), {}));
    await store.transaction((tx) => vault.seal(tx, 'run:1', 'b'));
    expect(await vault.reveal(store, 'webhook:wh_1', reference)).toBe('a');
    expect([await secretsPrune(store, 1), await secretsPrune(store, 1), await secretsPrune(store, 1)]).toEqual([
      1, 1, 0,
    ]);
  });
});
