import { parseArgs } from 'node:util';
import { UsageError } from '../../src/kernel/errors.ts';

/** How much is measured. The defaults are those of docs/performance.md; a smoke run asks for less. */
export interface BenchOptions {
  readonly only: readonly string[] | undefined;
  /** Parts of the names of the peers to drain; ours always is. */
  readonly peers: readonly string[] | undefined;
  readonly json: boolean;
  readonly rounds: number;
  readonly runs: number;
  readonly concurrency: number;
  readonly samples: number;
  readonly queued: number;
  readonly history: number;
  readonly horizonSeconds: number;
  readonly schedules: number;
  readonly spreadSeconds: number;
  readonly idleSeconds: number;
  readonly kills: number;
}

const NUMBERS = {
  rounds: { flag: 'rounds', fallback: 5, help: 'rounds of the drain, each with every peer in turn' },
  runs: { flag: 'runs', fallback: 20_000, help: 'runs to drain' },
  concurrency: { flag: 'concurrency', fallback: 100, help: 'runs at a time, of ours and of every peer' },
  samples: { flag: 'samples', fallback: 300, help: 'samples of each latency' },
  queued: { flag: 'queued', fallback: 1_000_000, help: 'queued runs that a lease is measured behind' },
  history: { flag: 'history', fallback: 10_000_000, help: 'ended runs in the table' },
  horizonSeconds: { flag: 'horizon-seconds', fallback: 60, help: 'how long another transaction stays open' },
  schedules: { flag: 'schedules', fallback: 100_000, help: 'jobs with a schedule' },
  spreadSeconds: { flag: 'spread-seconds', fallback: 60, help: 'within how many seconds all of them fall due' },
  idleSeconds: { flag: 'idle-seconds', fallback: 30, help: 'how long idle use is measured' },
  kills: { flag: 'kills', fallback: 20, help: 'seconds in each of which a worker is killed' },
} as const;

function usage(measurements: readonly string[]): string {
  const numbers = Object.values(NUMBERS).map(
    ({ flag, fallback, help }) => `  --${flag.padEnd(18)} ${help} (${fallback})`,
  );
  return [
    'npm run bench -w bench -- engine [options]',
    '',
    `  --only <names>       of ${measurements.join(', ')}; comma-separated`,
    '  --peers <names>      drain these alone beside ours; parts of names, comma-separated',
    '  --json               the figures as JSON',
    ...numbers,
  ].join('\n');
}

function parse(args: readonly string[], measurements: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        peers: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        ...Object.fromEntries(Object.values(NUMBERS).map(({ flag }) => [flag, { type: 'string' as const }])),
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage(measurements)}`);
  }
}

/** @throws UsageError that names the flag, or tells them all */
export function parseOptions(args: readonly string[], measurements: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args, measurements);
  if (values.help || positionals.length !== 1 || positionals[0] !== 'engine') throw new UsageError(usage(measurements));
  const list = (text: unknown) => (typeof text === 'string' ? text.split(',') : undefined);
  const only = list(values.only);
  const unknown = only?.find((name) => !measurements.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--only: there is no ${unknown}; there are ${measurements.join(', ')}.`);
  const given: Record<string, unknown> = values;
  const number = (name: keyof typeof NUMBERS): number => {
    const { flag, fallback } = NUMBERS[name];
    const text = given[flag];
    if (text === undefined) return fallback;
    if (typeof text !== 'string' || !/^[1-9]\d*$/.test(text))
      throw new UsageError(`--${flag}: must be a whole number.`);
    return Number(text);
  };
  return {
    only,
    peers: list(values.peers),
    json: values.json === true,
    rounds: number('rounds'),
    runs: number('runs'),
    concurrency: number('concurrency'),
    samples: number('samples'),
    queued: number('queued'),
    history: number('history'),
    horizonSeconds: number('horizonSeconds'),
    schedules: number('schedules'),
    spreadSeconds: number('spreadSeconds'),
    idleSeconds: number('idleSeconds'),
    kills: number('kills'),
  };
}
