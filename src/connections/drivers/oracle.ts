import { isIP } from 'node:net';
import { promisify } from 'node:util';
import type { Connection, Driver } from 'oracledb';
import { ExecutorError } from '../../protocol/executor.ts';
import { createGuard } from '../outbound.ts';
import { describeError, networkError } from './dial.ts';
import { CONNECT_TIMEOUT_MS, type ConnectOptions, type DatabaseLogin, portOf, serverOf } from './login.ts';
import { optionalDriver } from './optional.ts';

/** The driver, where it is installed; in its thin mode, which needs no client of Oracle's. */
export async function oracleDriver(): Promise<Driver> {
  return (await optionalDriver('oracledb', () => import('oracledb'))).default;
}

/**
 * Signs in to Oracle. Written by its driver's documentation; not yet run against a server.
 * @throws ExecutorError in words for the user; the signal's reason after an abort
 */
export async function connectOracle(login: DatabaseLogin, options: ConnectOptions): Promise<Connection> {
  const driver = await oracleDriver();
  options.signal?.throwIfAborted();
  const connectString = descriptor(login, await judgedHost(login, options));
  try {
    const { username: user, password = '' } = login;
    return await driver.getConnection({ user, password, connectString });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw explainRefusal(error, login);
  }
}

/**
 * What the driver dials: it opens its sockets itself, so it is given the address that was judged. Only where the
 * certificate must be the host's does it need the name; a server that it did not mean has no such certificate then.
 */
async function judgedHost(login: DatabaseLogin, options: ConnectOptions): Promise<string> {
  const guard = createGuard(options);
  try {
    const objection = guard.objection(login.host);
    if (objection) throw objection;
    if (isIP(login.host) !== 0) return login.host;
    const address = await promisify(guard.lookup)(login.host, { all: false });
    return login.ssl === 'verify' ? login.host : String(address);
  } catch (error) {
    throw networkError(error, login);
  }
}

function descriptor(login: DatabaseLogin, host: string): string {
  // Within a descriptor nothing can be quoted.
  if (!/^[\w.$#:-]+$/.test(login.database) || !/^[\w.:-]+$/.test(host)) {
    throw new ExecutorError('host and database of an Oracle login are letters, digits and . _ $ # - alone', {
      retryable: false,
    });
  }
  const ssl = login.ssl ?? 'off';
  const security = ssl === 'require' ? '(SECURITY=(SSL_SERVER_DN_MATCH=OFF))' : '';
  const address = `(ADDRESS=(PROTOCOL=${ssl === 'off' ? 'tcp' : 'tcps'})(HOST=${host})(PORT=${portOf(login)}))`;
  const seconds = CONNECT_TIMEOUT_MS / 1000;
  return `(DESCRIPTION=(CONNECT_TIMEOUT=${seconds})${address}(CONNECT_DATA=(SERVICE_NAME=${login.database}))${security})`;
}

function explainRefusal(error: unknown, login: DatabaseLogin): ExecutorError {
  const { code, message } = describeError(error);
  const server = `oracle at ${serverOf(login)}`;
  const final = { retryable: false, cause: error };
  if (code === 'ORA-01017' || code === 'ORA-28000' || code === 'ORA-28001')
    return new ExecutorError(
      `${server} refused user ${login.username}: ${message}; check username and password`,
      final,
    );
  if (/ORA-1251[24]|NJS-518/.test(message))
    return new ExecutorError(`${server}: ${message}; check database, which is the service's name`, final);
  return networkError(error, login);
}

/** Errors that another attempt may not meet; all others of the server (`ORA-…`) come again. */
const PASSING =
  /^ORA-(00018|00020|00054|00060|00600|01012|01013|01033|01034|01089|01090|01092|01555|03113|03114|03135|12\d\d\d|30006)$/;

/**
 * What went wrong in a query, in words for the user; retryable unless the statement itself, or its data, is at fault.
 * @param doing what was being done, such as `reading table orders`
 */
export function oracleError(error: unknown, doing: string): ExecutorError {
  if (error instanceof ExecutorError) return error;
  const { code, message } = describeError(error);
  const retryable = !code?.startsWith('ORA-') || PASSING.test(code);
  return new ExecutorError(`${doing}: ${message}`, { retryable, cause: error });
}
