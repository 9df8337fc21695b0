import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../../test/support/database.ts';
import type { Store } from '../../store/store.ts';
import { type OnReport, reporter } from './reporter.ts';

describe('reporter', () => {
  let store: Store;
  beforeAll(async () => {
    store = (await createTestDatabase()).store;
    await store.query('CREATE TABLE public.told (id bigint, type text)');
  });
  beforeEach(async () => {
    await store.query('DELETE FROM longshore.reports');
    await store.query('DELETE FROM public.told');
  });

  const add = (runId: number, type: string, area = 'scheduler') =>
    store.query(`INSERT INTO longshore.reports (run_id, area, type, payload) VALUES ($1, $2, $3, '{}')`, [
      runId,
      area,
      type,
    ]);
  const told = async () =>
    (await store.query<{ type: string }>('SELECT type FROM public.told')).map((row) => row.type).sort();
  const write: OnReport = async (tx, report) => {
    await tx.query('INSERT INTO public.told VALUES ($1, $2)', [report.runId, report.type]);
  };

  /** Runs reporters until nothing is due. */
  async function tellAll(onReport: OnReport, servers = 1): Promise<void> {
    const daemons = Array.from({ length: servers }, () => reporter(store, silent, new Map([['scheduler', onReport]])));
    for (const daemon of daemons) await daemon.start();
    for (;;) {
      const [row] = await store.query<{ n: number }>(
        `SELECT count(*) AS n FROM longshore.reports WHERE due_at <= now() AND area = 'scheduler'`,
      );
      if (row?.n === 0) break;
    }
    for (const daemon of daemons) await daemon.stop();
  }

  it('tells each report once, however many servers tell', async () => {
    for (let run = 1; run <= 20; run += 1) await add(run, `end of ${run}`);
    await tellAll(write, 3);
    expect(await told()).toHaveLength(20);
  });

  it('undoes what an area that throws had written, tells it again later, and lets other runs pass', async () => {
    await add(1, 'refused');
    await add(2, 'taken');
    // On a busy machine it may be due once more before the reporter stops.
    let refusals = 0;
    let refusedAt: Date | undefined;
    await tellAll(async (tx, report) => {
      await write(tx, report);
      if (report.type !== 'refused') return;
      refusals += 1;
      refusedAt = (await tx.query<{ at: Date }>('SELECT now() AS at'))[0]?.at;
      throw new Error('not now');
    });
    expect(await told()).toEqual(['taken']);
    const [row] = await store.query(
      `SELECT tries, due_at >= $1::timestamptz + interval '1 second' AS later FROM longshore.reports WHERE run_id = 1`,
      [refusedAt],
    );
    expect(row).toEqual({ tries: refusals, later: true });
  });

  it('keeps the order within a run', async () => {
    await add(1, 'rows');
    await add(1, 'finished');
    const order: string[] = [];
    await tellAll(async (_tx, report) => void order.push(report.type), 3);
    expect(order).toEqual(['rows', 'finished']);
  });

  it("leaves other areas' reports to servers that have them", async () => {
    await add(1, 'strange', 'elsewhere');
    await tellAll(write);
    expect(await told()).toEqual([]);
  });
});
