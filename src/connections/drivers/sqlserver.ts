import type { Socket } from 'node:net';
import type mssql from 'mssql';
import { ExecutorError } from '../../protocol/executor.ts';
import { describeError, signInOver, tlsError } from './dial.ts';
import { CONNECT_TIMEOUT_MS, type ConnectOptions, type DatabaseLogin, serverOf } from './login.ts';
import { optionalDriver } from './optional.ts';

/** The driver, where it is installed. */
export async function sqlServerDriver(): Promise<typeof mssql> {
  return (await optionalDriver('mssql', () => import('mssql'))).default;
}

/**
 * Signs in to Microsoft SQL Server. Written by its driver's documentation; not yet run against a server.
 * @returns a pool of one connection, which does not come back once it is lost
 * @throws ExecutorError in words for the user; the signal's reason after an abort
 */
export async function connectSqlServer(login: DatabaseLogin, options: ConnectOptions): Promise<mssql.ConnectionPool> {
  const driver = await sqlServerDriver();
  return await signInOver(login, options, (socket) => signIn(driver, login, options, socket), explainRefusal);
}

async function signIn(
  driver: typeof mssql,
  login: DatabaseLogin,
  options: ConnectOptions,
  socket: Socket,
): Promise<mssql.ConnectionPool> {
  const ssl = login.ssl ?? 'off';
  const pool = new driver.ConnectionPool({
    // Also what a certificate is checked against; nothing dials it any more.
    server: login.host,
    user: login.username,
    password: login.password ?? '',
    database: login.database,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    // Reading lasts as long as the destination takes to write.
    requestTimeout: 0,
    pool: { min: 1, max: 1 },
    options: {
      connector: async () => socket,
      encrypt: ssl !== 'off',
      trustServerCertificate: ssl !== 'verify',
      appName: options.applicationName,
      useUTC: true,
    },
  });
  pool.on('error', () => {});
  return await pool.connect();
}

function explainRefusal(error: unknown, login: DatabaseLogin): ExecutorError | undefined {
  const { code, message } = describeError(error);
  const server = `sqlserver at ${serverOf(login)}`;
  if (code === 'ELOGIN') {
    return new ExecutorError(
      `${server} refused user ${login.username}: ${message}; check username, password and database`,
      { retryable: false, cause: error },
    );
  }
  return /certificate|TLS|SSL/.test(message) ? tlsError(login, message, error) : undefined;
}

/** Numbers of errors that another attempt may not meet: deadlock, lock timeout, full, busy, shutting down. */
const PASSING = new Set([1205, 1222, 701, 802, 1105, 8645, 10928, 10929, 40501, 40613, 6005, 3960]);

/**
 * What went wrong in a query, in words for the user; retryable unless the statement itself, or its data, is at fault.
 * @param doing what was being done, such as `reading table orders`
 */
export function sqlServerError(error: unknown, doing: string): ExecutorError {
  if (error instanceof ExecutorError) return error;
  const { code, message } = describeError(error);
  const number = error instanceof Error && 'number' in error ? Number(error.number) : undefined;
  const retryable = code !== 'EREQUEST' || number === undefined || PASSING.has(number);
  return new ExecutorError(`${doing}: ${message}`, { retryable, cause: error });
}
