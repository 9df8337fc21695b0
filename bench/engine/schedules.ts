import path from 'node:path';
import { sleep } from '../../src/kernel/clock.ts';
import { packageRoot } from '../../src/kernel/package.ts';
import { migrate } from '../../src/store/migrate.ts';
import { Child, monotonicMs } from '../../test/support/child.ts';
import type { Bench, Measurement } from '../support/bench.ts';
import { ENGINE_PROCESS, USAGE, type Usage } from '../support/processes.ts';
import { percentile } from '../support/statistics.ts';
import type { EngineProcess } from './engine-process.ts';

const DATABASE = 'bench_schedules';
const LATENESS_TARGET_MS = 1000;
const IDLE_TARGET_PERCENT = 5;

function isUsage(message: unknown): message is Usage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'usage';
}

async function cpuMsOf(engine: Child): Promise<number> {
  const answer = engine.next(isUsage);
  engine.send(USAGE);
  return (await answer).cpuMs;
}

/** Daily schedules, none of them due for hours. */
async function insertSchedules({ postgres, options }: Bench): Promise<void> {
  await postgres.administer(
    `INSERT INTO longshore.jobs (area, kind, name, spec, status, priority, retry_count, retry_delay_seconds, cron,
       timezone, next_fire_at)
     SELECT 'scheduler', 'noop', 'job ' || n, '{}', 'active', 1, 0, 0,
       format('%s %s %s * * *', n % 60, n / 60 % 60, n % 24), 'UTC', now() + interval '6 hours'
     FROM generate_series(1, ${options.schedules}) n`,
    DATABASE,
  );
  await postgres.administer('VACUUM ANALYZE', DATABASE);
}

/** Milliseconds from the instant that a schedule was due to the commit of its run, for each of them. */
async function fireAll(bench: Bench, spreadSeconds: number): Promise<number[]> {
  const { postgres, options } = bench;
  bench.say(`schedules: ${options.schedules.toLocaleString('en')} fall due within ${spreadSeconds} s`);
  await postgres.administer('DELETE FROM longshore.runs', DATABASE);
  await postgres.administer(
    `UPDATE longshore.jobs SET next_fire_at = now() + interval '5 seconds' + random() * ${spreadSeconds} * interval '1 second'`,
    DATABASE,
  );
  await postgres.administer("SELECT pg_notify('longshore_due', '')", DATABASE);
  for (;;) {
    await sleep(1000);
    const [row] = await postgres.administer('SELECT count(*)::int AS fired FROM longshore.runs', DATABASE);
    if (Number(row?.fired) >= options.schedules) break;
  }
  const rows = await postgres.administer(
    `SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - fire_at)::float8 * 1000 AS late FROM longshore.runs`,
    DATABASE,
  );
  return rows.map((row) => Number(row.late));
}

/** How late schedules fire when very many are due, and what they cost while none is. */
export const schedules: Measurement = {
  name: 'schedules',
  async run(bench) {
    const { postgres, options } = bench;
    // For the moment of each commit; costs next to nothing, but only this measurement has a use for it.
    await postgres.restart({ track_commit_timestamp: 'on' });
    const url = await postgres.createDatabase(DATABASE);
    await migrate(url, path.join(packageRoot, 'src/store/migrations'));
    await insertSchedules(bench);
    const engine = await Child.start(bench.entry(ENGINE_PROCESS), { url } satisfies EngineProcess);
    try {
      await sleep(3000);
      bench.say(`schedules: ${options.idleSeconds} s in which none is due`);
      const [before, begun] = [await cpuMsOf(engine), monotonicMs()];
      await sleep(options.idleSeconds * 1000);
      const percent = (100 * ((await cpuMsOf(engine)) - before)) / (monotonicMs() - begun);
      const late = await fireAll(bench, options.spreadSeconds);
      const atOnce = await fireAll(bench, 0);
      const p99 = percentile(late, 0.99);
      const measurement = `${options.schedules.toLocaleString('en')} schedules`;
      bench.add({ measurement, what: 'lateness, p50', value: percentile(late, 0.5), unit: 'ms' });
      bench.add({
        measurement,
        what: 'lateness, p99',
        value: p99,
        unit: 'ms',
        target: { text: `≤ ${LATENESS_TARGET_MS} ms`, met: p99 <= LATENESS_TARGET_MS },
      });
      bench.add({
        measurement,
        what: 'fired a second, when all are due at once',
        value: (1000 * options.schedules) / Math.max(...atOnce),
        unit: 'runs/s',
      });
      bench.add({
        measurement,
        what: 'server process while none is due',
        value: percent,
        unit: '% of a core',
        target: { text: `< ${IDLE_TARGET_PERCENT} %`, met: percent < IDLE_TARGET_PERCENT },
      });
    } finally {
      await engine.stop();
      await postgres.dropDatabase(DATABASE);
      await postgres.restart();
    }
  },
};
