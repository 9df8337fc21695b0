import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { App } from './area.ts';

/**
 * Once anybody listens for upgrades, Node takes every request that asks for one out of HTTP, also those for HTTP/2 that
 * some clients (Java's, curl's) send along with any request. This passes on the requests for a WebSocket at `path`;
 * all others are answered as if they had not asked, which is what HTTP wants of a server that will not upgrade.
 * @returns what emits `upgrade` in the server's place
 */
export function upgradesOf(app: App, path: string): Server {
  const upgrades = new EventEmitter() as Server;
  const taken = new WeakSet<IncomingMessage>();
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const wanted = request.headers.upgrade?.toLowerCase() === 'websocket' && request.url?.split('?', 1)[0] === path;
    if (wanted) {
      taken.add(request);
      upgrades.emit('upgrade', request, socket, head);
    } else {
      readAnew(app.server, request, socket, head);
    }
  });
  // One that was refused has had its answer; nobody reads its connection any more.
  app.addHook('onResponse', async ({ raw }) => {
    if (taken.has(raw)) raw.socket.destroySoon();
  });
  return upgrades;
}

/** Gives the connection back to the server, which reads the same request without its `Upgrade`. */
function readAnew(server: App['server'], request: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(i, i + 2);
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
