import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { afterFile } from '../../../../test/support/cleanup.ts';
import type { Identity } from '../../../auth/identity.ts';
import { Connection } from './connection.ts';

/** Both ends of a socket. It ends after the file's last test. */
export async function connectedPair(
  identity: Identity,
  expiresAt: number | null = null,
): Promise<{ readonly client: WebSocket; readonly connection: Connection }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  afterFile(() => server.close());
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  afterFile(() => client.terminate());
  const opened = once(client, 'open');
  const [ws, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage];
  await opened;
  const mayTalk = async () => true;
  const connection = new Connection({ ws, wire: request.socket, identity, expiresAt, mayTalk }, () => undefined);
  return { client, connection };
}
