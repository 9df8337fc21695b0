import { once } from 'node:events';
import { expect, test } from 'vitest';
import { systemIdentity } from '../../../auth/identity.ts';
import { connectedPair } from './connected-pair.fixture.ts';
import { textFrame } from './frame.ts';

test('frames of every length are read by a WebSocket client as they were meant, one behind another', async () => {
  const { client, connection } = await connectedPair(systemIdentity('test'));
  const texts = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000].map((length) => 'x'.repeat(length));
  texts.push('中文 😀', '中'.repeat(42), '中'.repeat(30_000));
  const received: string[] = [];
  client.on('message', (data, isBinary) => {
    expect(isBinary).toBe(false);
    received.push(String(data));
  });
  connection.write(Buffer.concat(texts.map(textFrame)));
  while (received.length < texts.length) await once(client, 'message');
  expect(received).toEqual(texts);
});
