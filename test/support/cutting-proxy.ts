import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** Stands between a client and its server, and cuts the connection when so many bytes have gone to the server. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #left = Number.POSITIVE_INFINITY;
  #fallsSilent: (() => void) | undefined;

  constructor(address: NetConnectOpts) {
    this.#server = createServer((client) => {
      const server = connect(address);
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
      server.pipe(client);
      client.on('data', (chunk: Buffer) => {
        if (chunk.length > this.#left) {
          server.write(chunk.subarray(0, this.#left), this.#fallsSilent ?? (() => client.destroy()));
          this.#left = 0;
        } else {
          this.#left -= chunk.length;
          server.write(chunk);
        }
      });
    });
  }

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port was given');
    return address.port;
  }

  cutAfter(bytes: number): void {
    this.#left = bytes;
    this.#fallsSilent = undefined;
  }

  /** As a network that is gone: nothing passes any more, and nobody is told. @returns a promise of that moment */
  silenceAfter(bytes: number): Promise<void> {
    this.#left = bytes;
    return new Promise((resolve) => {
      this.#fallsSilent = () => {
        for (const socket of this.#sockets) socket.unpipe().pause();
        resolve();
      };
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
