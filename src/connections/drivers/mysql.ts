import type { Socket } from 'node:net';
import mysql from 'mysql2/promise';
import { ExecutorError } from '../../protocol/executor.ts';
import { describeError, signInOver, tlsError } from './dial.ts';
import { type ConnectOptions, type DatabaseLogin, serverOf } from './login.ts';

/**
 * Signs in to MySQL or MariaDB, for text of any script (utf8mb4) and times in UTC.
 *
 * Values arrive as a reader can keep them exact: decimals as text, integers beyond 2^53 as text, times as the server
 * writes them, JSON as text. A connection that is lost while idle fails the next query, not the process.
 * @throws ExecutorError in words for the user; the signal's reason after an abort
 */
export async function connectMysql(login: DatabaseLogin, options: ConnectOptions): Promise<mysql.Connection> {
  return await signInOver(login, options, (socket) => signIn(login, options, socket), explainRefusal);
}

async function signIn(login: DatabaseLogin, options: ConnectOptions, socket: Socket): Promise<mysql.Connection> {
  const ssl = login.ssl ?? 'off';
  const verify = ssl === 'verify';
  const connection = await mysql.createConnection({
    // Also what a certificate is checked against; nothing dials it any more.
    host: login.host,
    database: login.database,
    user: login.username,
    password: login.password ?? '',
    ...(ssl === 'off' ? {} : { ssl: { rejectUnauthorized: verify, verifyIdentity: verify } }),
    stream: socket,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    dateStrings: true,
    jsonStrings: true,
    connectAttributes: { program_name: options.applicationName },
  });
  connection.on('error', () => {});
  try {
    // Values are escaped with backslashes, which must mean what they mean by default, whatever the server is set to.
    await connection.query(
      "SET SESSION time_zone = '+00:00', sql_mode = REPLACE(@@SESSION.sql_mode, 'NO_BACKSLASH_ESCAPES', '')",
    );
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/**
 * Cuts a connection, also amid a statement, which fails then. The driver's own `destroy` only says goodbye: while the
 * server does not answer that, and some do not as long as they work, the statement would be waited for.
 */
export function cutMysql(connection: mysql.Connection): void {
  const { stream } = (connection as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  stream.destroy();
}

function explainRefusal(error: unknown, login: DatabaseLogin): ExecutorError | undefined {
  const { code, message } = describeError(error);
  const server = `${login.engine} at ${serverOf(login)}`;
  const final = { retryable: false, cause: error };
  switch (code) {
    case 'ER_ACCESS_DENIED_ERROR':
    case 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR':
    case 'ER_HOST_NOT_PRIVILEGED':
      return new ExecutorError(
        `${server} refused user ${login.username}: ${message}; check username and password`,
        final,
      );
    case 'ER_BAD_DB_ERROR':
    case 'ER_DBACCESS_DENIED_ERROR':
      return new ExecutorError(`${server}: ${message}; check database`, final);
    case 'HANDSHAKE_NO_SSL_SUPPORT':
    case 'HANDSHAKE_SSL_ERROR':
      return tlsError(login, message, error);
    default:
      return code?.startsWith('ER_') ? mysqlError(error, server) : undefined;
  }
}

/** Errors of the server that another attempt may not meet; all others of its errors (`ER_…`) come again. */
const PASSING = new Set([
  'ER_CON_COUNT_ERROR',
  'ER_USER_LIMIT_REACHED',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_LOCK_TABLE_FULL',
  'ER_QUERY_INTERRUPTED',
  'ER_QUERY_TIMEOUT',
  'ER_STATEMENT_TIMEOUT',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_NET_READ_ERROR',
  'ER_NET_WRITE_INTERRUPTED',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'ER_OUT_OF_RESOURCES',
  'ER_OUTOFMEMORY',
  'ER_CHECKREAD',
  'ER_OPTION_PREVENTS_STATEMENT',
]);

/**
 * What went wrong in a query, in words for the user; retryable unless the statement itself, or its data, is at fault.
 * @param doing what was being done, such as `reading table orders`
 */
export function mysqlError(error: unknown, doing: string): ExecutorError {
  if (error instanceof ExecutorError) return error;
  const { code, message } = describeError(error);
  const retryable = !code?.startsWith('ER_') || PASSING.has(code);
  return new ExecutorError(`${doing}: ${message}`, { retryable, cause: error });
}
