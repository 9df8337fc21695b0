import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ExecutorError } from '../../protocol/executor.ts';
import { createGuard, OutboundRefused } from '../outbound.ts';
import { CONNECT_TIMEOUT_MS, type ConnectOptions, type DatabaseLogin, portOf, serverOf } from './login.ts';

/** What a driver says of a server that refused us: undefined when the words of `networkError` will do. */
export type ExplainRefusal = (error: unknown, login: DatabaseLogin) => ExecutorError | undefined;

/**
 * Opens the TCP connection on which a driver then signs in, through the same guard as HTTP: the name is resolved and
 * judged here, and exactly what was judged is dialled. A driver that resolved it again could be sent elsewhere.
 *
 * One deadline covers TCP, TLS and signing in: a server that accepts and then says nothing must not hold a run.
 * @param signIn gets the connected socket; when it fails, the socket is destroyed
 * @throws ExecutorError; the signal's reason after an abort
 */
export async function signInOver<Connection>(
  login: DatabaseLogin,
  options: ConnectOptions,
  signIn: (socket: Socket) => Promise<Connection>,
  explain: ExplainRefusal,
): Promise<Connection> {
  options.signal?.throwIfAborted();
  const deadline = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  const ending = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  const guard = createGuard(options);
  let socket: Socket | undefined;
  const end = () => socket?.destroy(new Error('it took too long'));
  ending.addEventListener('abort', end);
  try {
    const objection = guard.objection(login.host);
    if (objection) throw objection;
    socket = connect({ host: login.host, port: portOf(login), lookup: guard.lookup });
    socket.setNoDelay(true).setKeepAlive(true, 30_000);
    // Until the driver listens to it, and after it has stopped, an error must not end the process.
    socket.on('error', () => {});
    await once(socket, 'connect', { signal: ending });
    return await signIn(socket);
  } catch (error) {
    socket?.destroy();
    options.signal?.throwIfAborted();
    if (deadline.aborted) {
      throw new ExecutorError(`${login.engine} at ${serverOf(login)} did not answer within ${CONNECT_TIMEOUT_MS} ms`, {
        cause: error,
      });
    }
    throw explain(error, login) ?? networkError(error, login);
  } finally {
    ending.removeEventListener('abort', end);
  }
}

/** Codes under which OpenSSL and Node's TLS refuse a certificate or a handshake. */
const TLS_CODE = /CERT|TLS|SSL|ISSUER|SIGNATURE|^EPROTO$/;

/** A server that could not be reached, or may not be. */
export function networkError(error: unknown, login: DatabaseLogin): ExecutorError {
  const { code, message } = describeError(error);
  const server = `${login.engine} at ${serverOf(login)}`;
  if (error instanceof OutboundRefused) return new ExecutorError(message, { retryable: false, cause: error });
  if (code !== undefined && TLS_CODE.test(code)) return tlsError(login, message, error);
  if (code === 'ENOTFOUND')
    return new ExecutorError(`host ${login.host} is not known; check its name (host)`, { cause: error });
  return new ExecutorError(`${server} cannot be reached: ${message}`, { cause: error });
}

/** An encrypted connection that did not come about; trying again changes nothing. */
export function tlsError(login: DatabaseLogin, reason: string, cause: unknown): ExecutorError {
  const mend = /support/.test(reason)
    ? 'switch encryption on in the server, or set ssl to off'
    : 'give the server a certificate of its host name that this machine trusts, or set ssl to require';
  return new ExecutorError(`${login.engine} at ${serverOf(login)}: no encrypted connection: ${reason}; ${mend}`, {
    retryable: false,
    cause,
  });
}

/** An error's code and words; of several (one for each address that was tried), the last one's. */
export function describeError(error: unknown): { code: string | undefined; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors.at(-1));
  if (!(error instanceof Error)) return { code: undefined, message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { code, message: error.message === '' ? (code ?? error.name) : error.message };
}
