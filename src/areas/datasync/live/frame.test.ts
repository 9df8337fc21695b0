import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { afterFile } from '../../../../test/support/cleanup.ts';
import { textFrame } from './frame.ts';

test('frames of every length are read by a WebSocket client as they were meant, one behind another', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  afterFile(() => server.close());
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  afterFile(() => client.terminate());
  const [, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage];
  const texts = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000].map((length) => 'x'.repeat(length));
  texts.push('中文 😀', '中'.repeat(42), '中'.repeat(30_000));
  const received: string[] = [];
  client.on('message', (data, isBinary) => {
    expect(isBinary).toBe(false);
    received.push(String(data));
  });
  request.socket.write(Buffer.concat(texts.map(textFrame)));
  while (received.length < texts.length) await once(client, 'message');
  expect(received).toEqual(texts);
});
