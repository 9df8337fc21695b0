import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../../test/support/temporary-postgres.ts';
import type { ConnectOptions, DatabaseLogin } from './login.ts';
import { optionalDriver } from './optional.ts';
import { connectOracle } from './oracle.ts';
import { connectSqlServer } from './sqlserver.ts';

const options: ConnectOptions = { applicationName: 'longshore test', allowPrivate: true };

it('a driver that is not installed is asked for', async () => {
  const missing = 'no-such-driver';
  await expect(optionalDriver(missing, () => import(missing))).rejects.toMatchObject({
    name: 'ExecutorError',
    retryable: false,
    message: expect.stringContaining('npm install no-such-driver'),
  });
  const broken = new Error('broken');
  await expect(optionalDriver('x', () => Promise.reject(broken))).rejects.toBe(broken);
});

describe.each([
  { engine: 'sqlserver', connect: connectSqlServer },
  { engine: 'oracle', connect: connectOracle },
] as const)('$engine, without a server', ({ engine, connect }) => {
  const login: DatabaseLogin = { engine, host: '127.0.0.1', database: 'db', username: 'u', password: 'p' };

  it('that is not there can be tried again', async () => {
    const port = await freePort();
    await expect(connect({ ...login, port }, options)).rejects.toMatchObject({
      name: 'ExecutorError',
      retryable: true,
      message: expect.stringContaining(`127.0.0.1:${port} cannot be reached`),
    });
  });

  it('that hangs up is an error in words', async () => {
    const rude = createServer((socket) => socket.end('no')).listen(0, '127.0.0.1');
    await once(rude, 'listening');
    const { port } = rude.address() as AddressInfo;
    await expect(connect({ ...login, port }, options)).rejects.toMatchObject({ name: 'ExecutorError' });
    rude.close();
  });

  it('dials only what may be dialled', async () => {
    await expect(connect({ ...login, host: '169.254.169.254' }, options)).rejects.toMatchObject({ retryable: false });
    await expect(connect(login, { ...options, allowPrivate: false })).rejects.toThrow('not allowed to connect');
  });
});

it('an Oracle login cannot add to its descriptor', async () => {
  const login: DatabaseLogin = { engine: 'oracle', host: '127.0.0.1', database: 'x)(y=z', username: 'u' };
  await expect(connectOracle(login, options)).rejects.toThrow('letters, digits');
});
