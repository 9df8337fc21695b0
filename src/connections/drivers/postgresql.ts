import type { Socket } from 'node:net';
import pg from 'pg';
import { ExecutorError } from '../../protocol/executor.ts';
import { describeError, signInOver, tlsError } from './dial.ts';
import { CONNECT_TIMEOUT_MS, type ConnectOptions, type DatabaseLogin, serverOf, type UrlLogin } from './login.ts';

/**
 * Signs in to PostgreSQL.
 *
 * The client has a listener for `error`: a connection that is lost while idle fails the next query, not the process.
 * @throws ExecutorError in words for the user; the signal's reason after an abort
 */
export async function connectPostgres(login: DatabaseLogin | UrlLogin, options: ConnectOptions): Promise<pg.Client> {
  if ('url' in login) return await connectByUrl(login, options);
  return await signInOver(login, options, (socket) => signIn(login, options, socket), explainRefusal);
}

async function connectByUrl({ url }: UrlLogin, options: ConnectOptions): Promise<pg.Client> {
  options.signal?.throwIfAborted();
  const client = new pg.Client({
    connectionString: url,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  const end = () => client.connection.stream.destroy();
  options.signal?.addEventListener('abort', end);
  try {
    return await opened(client);
  } catch (error) {
    options.signal?.throwIfAborted();
    const { message } = describeError(error);
    throw new ExecutorError(`the warehouse cannot be reached: ${message}`, { cause: error });
  } finally {
    options.signal?.removeEventListener('abort', end);
  }
}

async function signIn(login: DatabaseLogin, options: ConnectOptions, socket: Socket): Promise<pg.Client> {
  const ssl = login.ssl ?? 'off';
  const client = new pg.Client({
    // Also what a certificate is checked against; nothing dials it any more.
    host: login.host,
    database: login.database,
    user: login.username,
    // As a function: for an empty one the driver would look into its own environment and the home directory.
    password: () => login.password ?? '',
    ssl: ssl === 'off' ? false : { rejectUnauthorized: ssl === 'verify' },
    stream: () => alreadyConnected(socket),
    application_name: options.applicationName,
  });
  return await opened(client);
}

/** The driver calls `connect` on any stream and waits for its event. */
function alreadyConnected(socket: Socket): Socket {
  const answer = () => {
    queueMicrotask(() => socket.emit('connect'));
    return socket;
  };
  return Object.assign(socket, { connect: answer });
}

async function opened(client: pg.Client): Promise<pg.Client> {
  client.on('error', () => {});
  await client.connect();
  return client;
}

function explainRefusal(error: unknown, login: DatabaseLogin): ExecutorError | undefined {
  const { code, message } = describeError(error);
  const server = `postgresql at ${serverOf(login)}`;
  const final = { retryable: false, cause: error };
  if (code === '28P01' || code === '28000')
    return new ExecutorError(
      `${server} refused user ${login.username}: ${message}; check username and password`,
      final,
    );
  if (code === '3D000') return new ExecutorError(`${server}: ${message}; check database`, final);
  if (error instanceof pg.DatabaseError) return postgresError(error, server);
  if (/SSL/.test(message)) return tlsError(login, message, error);
  return undefined;
}

/** A name of a table or column as SQL takes it, whatever characters are in it. */
export const quotePostgres = (name: string): string => pg.escapeIdentifier(name);

/** Classes of SQLSTATE that come again however often one tries: what was asked is wrong, or not allowed. */
const FINAL_CLASSES = new Set(['0A', '0L', '0P', '22', '23', '25', '26', '28', '2F', '3D', '3F', '42', '44']);

/**
 * What went wrong in a query, in words for the user; retryable unless the statement itself, or its data, is at fault.
 * @param doing what was being done, such as `reading table orders`
 */
export function postgresError(error: unknown, doing: string): ExecutorError {
  if (error instanceof ExecutorError) return error;
  const { code, message } = describeError(error);
  const retryable = !(error instanceof pg.DatabaseError && FINAL_CLASSES.has((code ?? '').slice(0, 2)));
  const detail = error instanceof pg.DatabaseError && error.hint ? ` (${error.hint})` : '';
  return new ExecutorError(`${doing}: ${message}${detail}`, { retryable, cause: error });
}

/** The SQLSTATE under which a server refused; undefined for what was not its refusal. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
