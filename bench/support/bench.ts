import type { TemporaryPostgres } from '../../test/support/temporary-postgres.ts';
import type { RedisServer } from '../servers/redis.ts';
import type { BenchOptions } from './options.ts';
import type { Figure, Skipped } from './report.ts';

/** What a measurement is given. */
export interface Bench {
  readonly options: BenchOptions;
  readonly postgres: TemporaryPostgres;
  /** A string says why there is none. */
  readonly redis: RedisServer | string;
  /** The bundle of a file that is run as a process of its own (processes.ts). */
  entry(file: string): URL;
  /** A database with `options.history` ended runs, made when it is first asked for. @returns its URL */
  historyUrl(): Promise<string>;
  /** One line of progress on standard error. */
  say(text: string): void;
  add(figure: Figure): void;
  skip(skipped: Skipped): void;
}

/** One measurement: leaves nothing behind but its figures. */
export interface Measurement {
  readonly name: string;
  run(bench: Bench): Promise<void>;
}
