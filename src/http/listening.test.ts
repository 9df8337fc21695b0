import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { UsageError } from '../kernel/errors.ts';
import { assertCanListen } from './listening.ts';

it('names the setting and the port when another process listens there, and accepts it once it is free', async () => {
  const rival = createServer().listen(0, '127.0.0.1');
  await once(rival, 'listening');
  const { port } = rival.address() as AddressInfo;
  const address = { host: '127.0.0.1', port };
  await expect(assertCanListen(address)).rejects.toThrow(
    new UsageError(`LONGSHORE_PORT: ${port} is taken on 127.0.0.1; choose another one (0 = any free one).`),
  );
  rival.close();
  await once(rival, 'close');
  await assertCanListen(address);
});

it('names the setting for an address that this machine does not have', async () => {
  // TEST-NET-1 of RFC 5737: nobody's.
  await expect(assertCanListen({ host: '192.0.2.1', port: 0 })).rejects.toThrow(/^LONGSHORE_HOST, LONGSHORE_PORT: /);
});
