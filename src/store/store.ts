import pg from 'pg';
import { AppError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { Transaction } from './transaction.ts';

/** Runs one statement. Identifiers in `sql` are our own text; every value goes through `params`. */
export interface Queryable {
  /** @returns the rows; int8 and numeric columns are JS numbers, timestamptz columns Dates, json parsed */
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** A transaction under way. It is a type of its own so that a use case can demand one. */
export interface Tx extends Queryable {
  readonly inTransaction: true;
}

export interface StoreOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly logger: Logger;
  readonly applicationName: string;
  /**
   * How long an answer may take, in milliseconds; 30,000 unless told, 0 = no limit. A connection that died in silence (a firewall that
   * forgot it) would otherwise hold its caller until TCP gives up, a quarter of an hour later.
   */
  readonly answerMs?: number;
}

const ANSWER_MS = 30_000;

const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    // int8 (20) as a number: our ids stay below 2^53, and the contracts say JSON number. numeric (1700) likewise,
    // for sums of counters. date (1082) stays text: a calendar day has no time zone.
    if (oid === 20 || oid === 1700) return Number;
    if (oid === 1082) return (text: string) => text;
    return pg.types.getTypeParser(oid, format);
  },
};

/** SQLSTATE classes that say "the database is away", not "the statement is wrong". */
const UNAVAILABLE =
  /^(08|57P0|53300|53400|58|ECONN|EHOSTUNREACH|ENETUNREACH|ENOENT|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND)/;

/** What it has run out of, by SQLSTATE: the statement is right, and will do once an operator has made room. */
const EXHAUSTED: Readonly<Record<string, string>> = {
  '53100': 'The disk of the database is full',
  '53200': 'The database has no memory left',
};

/** True for a lost or refused connection, after which a statement's fate may be unknown. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return UNAVAILABLE.test(code);
  return /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
    error.message,
  );
}

/** The SQLSTATE of a database error, such as `23505` (unique violation), else undefined. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** The name of the constraint that a statement violated, else undefined. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined;
}

const DEADLOCK = '40P01';

function toAppError(error: unknown): unknown {
  if (sqlState(error) === DEADLOCK) {
    const message = 'Two changes met, and this one gave way: nothing of it was done. Try again.';
    return new AppError('unavailable', message, { cause: error, retryAfterSeconds: 1 });
  }
  if (isUnavailable(error)) {
    return new AppError('unavailable', 'The database cannot be reached; nothing was confirmed. Try again.', {
      cause: error,
    });
  }
  const exhausted = EXHAUSTED[sqlState(error) ?? ''];
  return exhausted ? new AppError('unavailable', `${exhausted}; nothing was done.`, { cause: error }) : error;
}

/**
 * PostgreSQL, the one owner of the connection pool. Statements are unnamed (no prepared names, no session state), so
 * the pool may stand behind PgBouncer in transaction mode.
 */
export class Store implements Queryable {
  readonly #pool: pg.Pool;

  constructor(options: StoreOptions) {
    this.#pool = new pg.Pool({
      connectionString: options.url,
      max: options.poolSize,
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
      query_timeout: options.answerMs ?? ANSWER_MS,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      types,
    });
    // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
    this.#pool.on('error', (error) => options.logger.warn({ err: error }, 'idle database connection lost'));
    // The pool listens to idle connections alone. One that breaks between two statements of a transaction would end the
    // process too; it needs no more than a listener, because the next statement fails.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async query<Row extends object>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row & pg.QueryResultRow>(sql, params as unknown[])).rows;
    } catch (error) {
      throw toAppError(error);
    }
  }

  /** Commits when `work` resolves, rolls back when it throws. `work` is called once: it is never silently repeated. */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw toAppError(error);
    }
    let broken: Error | undefined;
    const tx = new Transaction(client);
    try {
      const result = await work(tx);
      await tx.commit();
      return result;
    } catch (error) {
      // On a connection that does not answer, a ROLLBACK would wait as well; closing it rolls back.
      if (isUnavailable(error)) broken = error as Error;
      else await tx.rollback().catch((rollbackError: Error) => (broken = rollbackError));
      throw toAppError(error);
    } finally {
      // A connection that could not roll back is thrown away, not handed to the next one.
      client.release(broken);
    }
  }

  /** A connection of its own, for COPY and cursors. Give it back with `release`. */
  async connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw toAppError(error);
    }
  }

  /** For the pool's metrics. */
  get poolState(): { total: number; idle: number; waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }
}
