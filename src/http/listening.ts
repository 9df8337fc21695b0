import { createServer } from 'node:net';
import { UsageError } from '../kernel/errors.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What to tell whoever chose the address that cannot be listened on; other errors as they are. */
export function explainListenFailure(error: unknown, { host, port }: ListenAddress): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new UsageError(`LONGSHORE_PORT: ${port} is taken on ${host}; choose another one (0 = any free one).`);
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new UsageError(`LONGSHORE_HOST, LONGSHORE_PORT: cannot listen on ${host}:${port} (${message}).`);
  }
  return error;
}

/**
 * Listens for a moment, so that a start that must fail does so before it has made anything.
 * @throws UsageError that names the setting when the address cannot be had
 */
export async function assertCanListen(address: ListenAddress): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address.port, address.host, resolve);
    });
  } catch (error) {
    throw explainListenFailure(error, address);
  }
  await new Promise((resolve) => server.close(resolve));
}
