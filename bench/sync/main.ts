import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/kernel/errors.ts';
import { atExit } from '../../test/support/at-exit.ts';
import { bundleProcesses } from '../../test/support/bundle.ts';
import { TemporaryPostgres } from '../../test/support/temporary-postgres.ts';
import type { Report } from '../support/report.ts';
import { writeInputs } from './input.ts';
import { measure, PAGE } from './measure.ts';
import { Product } from './product.ts';

const SOURCE_SERVER = 'bench/sync/source-server.ts';
const USAGE = `npm run bench -w bench -- sync [options]

  --rows <n>       rows of the files (1000000)
  --rest-rows <n>  rows of the REST service (200000)
  --rounds <n>     the median of so many counts (3)
  --python <path>  a Python with dlt[postgres] and pyarrow, to measure dlt beside
  --sling <path>   Sling's binary, to measure it beside
  --json           the figures as JSON`;

interface SyncOptions {
  readonly rows: number;
  readonly restRows: number;
  readonly rounds: number;
  readonly python: string | undefined;
  readonly sling: string | undefined;
  readonly json: boolean;
}

/** @throws UsageError that tells the flags */
export function parseSyncOptions(args: readonly string[]): SyncOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    rows: text,
    'rest-rows': text,
    rounds: text,
    python: text,
    sling: text,
    json: flag,
    help: flag,
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) throw new Error('Measures data sync beside COPY.');
    const number = (given: string | undefined, fallback: number) => {
      if (given !== undefined && !/^[1-9]\d*$/.test(given)) throw new Error(`${given}: must be a whole number.`);
      return given === undefined ? fallback : Number(given);
    };
    return {
      rows: number(values.rows, 1_000_000),
      restRows: number(values['rest-rows'], 200_000),
      rounds: number(values.rounds, 3),
      python: values.python,
      sling: values.sling,
      json: values.json ?? false,
    };
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function startSource(folder: string, rows: number): Promise<{ process: ChildProcess; url: string }> {
  const entry = await bundleProcesses('bench-sync', [SOURCE_SERVER]);
  const args = [fileURLToPath(entry(SOURCE_SERVER)), folder, String(rows), String(PAGE)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  atExit(() => child.kill('SIGTERM'));
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { process: child, url: `http://127.0.0.1:${port}` };
}

/** Measures the data-sync pipeline as docs/performance.md explains. */
export async function measureSync(options: SyncOptions): Promise<Report> {
  const report: Pick<Report, 'figures' | 'skipped'> = { figures: [], skipped: [] };
  const say = (text: string) => console.error(text);
  const folder = await mkdtemp(path.join(tmpdir(), 'longshore-bench-'));
  const postgres = await TemporaryPostgres.create();
  try {
    await postgres.start();
    const [row] = await postgres.administer("SELECT current_setting('server_version') AS version");
    say(`${options.rows.toLocaleString('en')} rows`);
    const inputs = await writeInputs(folder, options.rows);
    const source = await startSource(folder, options.restRows);
    const target = await postgres.createDatabase('bench_target');
    const product = await Product.start(await postgres.createDatabase('bench_longshore'), path.join(folder, 'data'));
    const login = { engine: 'postgresql', host: '127.0.0.1', port: postgres.port, username: 'postgres', ssl: 'off' };
    try {
      await measure({
        ...{ product, inputs, rows: options.rows, restRows: options.restRows, rounds: options.rounds },
        ...{ sourceUrl: source.url, target: { url: target, login: { ...login, database: 'bench_target' } } },
        ...{ python: options.python, sling: options.sling, say },
        add: (figure) => report.figures.push(figure),
        skip: (skipped) => report.skipped.push(skipped),
      });
    } finally {
      await product.stop();
      source.process.kill('SIGTERM');
    }
    return {
      machine: {
        ...{ cores: cpus().length, cpu: cpus()[0]?.model ?? 'unknown', redis: undefined },
        ...{ memoryGb: Math.round(totalmem() / 1024 ** 3), node: process.versions.node },
        postgres: String(row?.version).split(' ')[0] ?? 'unknown',
      },
      at: new Date().toISOString().slice(0, 10),
      ...report,
    };
  } finally {
    await postgres.remove();
    await rm(folder, { recursive: true, force: true });
  }
}
