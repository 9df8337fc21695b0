import { randomInt } from 'node:crypto';
import { type DatabaseLogin, type UrlLogin, WAREHOUSE_SCHEMA } from '../../../../connections/drivers/login.ts';
import { connectPostgres, postgresError } from '../../../../connections/drivers/postgresql.ts';
import type { RunContext } from '../../../../protocol/executor.ts';
import { execute, query, type Session } from '../destinations/postgresql/session.ts';

type Login = DatabaseLogin | UrlLogin;

/** One snapshot for all that a run looks at; texts of values are the same on every server. */
const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ;
  SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601';
  SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL standard_conforming_strings = on;
  SET LOCAL synchronize_seqscans = off; SET LOCAL work_mem = '64MB'; SET LOCAL statement_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = '5min'`;

/**
 * Works in the warehouse in one transaction: all of it is there at its end, or nothing.
 * @param doing for errors, such as `profiling orders`
 * @throws ExecutorError; the signal's reason when the attempt is ended, and the server is told to stop
 */
export async function inWarehouse<T>(
  login: Login,
  { signal }: Pick<RunContext, 'signal'>,
  doing: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  // A name of its own, by which the server finds what it is to stop.
  const applicationName = `longshore dataset ${randomInt(2 ** 47).toString(36)}`;
  const client = await connectPostgres(login, { applicationName, allowPrivate: true, signal });
  const session: Session = { client, schema: WAREHOUSE_SCHEMA };
  let stopping: Promise<void> | undefined;
  const stop = () => {
    client.connection.stream.destroy();
    stopping = terminate(login, applicationName);
  };
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    await execute(session, BEGIN);
    const result = await work(session);
    await execute(session, 'COMMIT');
    return result;
  } catch (error) {
    await stopping;
    signal.throwIfAborted();
    throw postgresError(error, doing);
  } finally {
    signal.removeEventListener('abort', stop);
    // A connection that is gone already has nothing to be told.
    await client.end().catch(() => {});
  }
}

/** A server that computes does not notice that its client is gone. */
async function terminate(login: Login, applicationName: string): Promise<void> {
  const client = await connectPostgres(login, { applicationName: 'longshore', allowPrivate: true }).catch(
    () => undefined,
  );
  if (!client) return;
  try {
    const sql =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename = current_user';
    await client.query(sql, [applicationName]);
  } catch {
    // It ends by itself, when it writes to a connection that is not there.
  } finally {
    await client.end().catch(() => {});
  }
}

/** A statement's one row of counts, each sent as text, as numbers. */
export async function counts(session: Session, sql: string): Promise<number[]> {
  const [row] = await query<Record<string, string | null>>(session, sql);
  return Object.values(row ?? {}).map((value) => Number(value ?? 0));
}
