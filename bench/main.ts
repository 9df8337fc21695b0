/** `npm run bench -w bench -- engine` or `sync`: measures, beside its peers, what docs/performance.md explains. */
import { cpus, totalmem } from 'node:os';
import { UsageError } from '../src/kernel/errors.ts';
import { exitOnSignals } from '../test/support/at-exit.ts';
import { bundleProcesses } from '../test/support/bundle.ts';
import { TemporaryPostgres } from '../test/support/temporary-postgres.ts';
import { drain } from './engine/drain.ts';
import { leaseLatency } from './engine/lease-latency.ts';
import { lists } from './engine/lists.ts';
import { memory } from './engine/memory.ts';
import { requeue } from './engine/requeue.ts';
import { schedules } from './engine/schedules.ts';
import { startLatency } from './engine/start-latency.ts';
import { type RedisServer, redisMissing, startRedis } from './servers/redis.ts';
import type { Bench, Measurement } from './support/bench.ts';
import { createHistory } from './support/history.ts';
import { type BenchOptions, parseOptions } from './support/options.ts';
import { ENGINE_PROCESS, PEER_PROCESS } from './support/processes.ts';
import { type Machine, type Report, renderReport } from './support/report.ts';
import { measureSync, parseSyncOptions } from './sync/main.ts';

const MEASUREMENTS: readonly Measurement[] = [drain, startLatency, leaseLatency, lists, schedules, requeue, memory];

async function describeMachine(postgres: TemporaryPostgres, redis: RedisServer | string): Promise<Machine> {
  const [row] = await postgres.administer("SELECT current_setting('server_version') AS version");
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    node: process.versions.node,
    postgres: String(row?.version).split(' ')[0] ?? 'unknown',
    redis: typeof redis === 'string' ? undefined : redis.version,
  };
}

async function measure(options: BenchOptions): Promise<Report> {
  const missing = redisMissing();
  const redis = missing ?? (await startRedis());
  const postgres = await TemporaryPostgres.create();
  const report: Pick<Report, 'figures' | 'skipped'> = { figures: [], skipped: [] };
  const entry = await bundleProcesses('bench', [PEER_PROCESS, ENGINE_PROCESS]);
  let history: Promise<string> | undefined;
  const bench: Bench = {
    options,
    postgres,
    redis,
    entry,
    historyUrl() {
      history ??= createHistory(postgres, options.history, bench.say);
      return history;
    },
    say: (text) => console.error(text),
    add: (figure) => report.figures.push(figure),
    skip: (skipped) => report.skipped.push(skipped),
  };
  try {
    await postgres.start();
    const machine = await describeMachine(postgres, redis);
    for (const measurement of MEASUREMENTS) {
      if (options.only === undefined || options.only.includes(measurement.name)) await measurement.run(bench);
    }
    return { machine, at: new Date().toISOString().slice(0, 10), ...report };
  } finally {
    await postgres.remove();
    if (typeof redis !== 'string') await redis.stop();
  }
}

exitOnSignals();
try {
  const [area, ...args] = process.argv.slice(2);
  let report: Report;
  let json: boolean;
  if (area === 'sync') {
    const options = parseSyncOptions(args);
    report = await measureSync(options);
    json = options.json;
  } else {
    const options = parseOptions(
      process.argv.slice(2),
      MEASUREMENTS.map(({ name }) => name),
    );
    report = await measure(options);
    json = options.json;
  }
  console.log(json ? JSON.stringify(report, undefined, 2) : renderReport(report));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
