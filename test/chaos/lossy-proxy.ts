import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from './random.ts';

/** Statements that change something; what follows Parse or Query holds their text. */
const WRITES = /\b(INSERT|UPDATE|DELETE|COMMIT)\b/;
/** With the first statement of its transaction behind it, in the same chunk; a statement's text follows its name, which is empty. */
const BEGINS = /^\0?BEGIN\0/;
const [QUERY, PARSE, SYNC] = ['Q', 'P', 'S'].map((letter) => letter.charCodeAt(0));
const READY_FOR_QUERY = 'Z'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);

interface Message {
  readonly type: number;
  readonly bytes: Buffer;
}

/** Cuts a stream of PostgreSQL's messages (a type, a length, a body) into whole ones. */
class Messages {
  #rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  /** A client's first message has no type. */
  #untyped: boolean;

  constructor(untypedFirst: boolean) {
    this.#untyped = untypedFirst;
  }

  *push(chunk: Buffer): Generator<Message> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const header = this.#untyped ? 4 : 5;
      if (this.#rest.length < header) return;
      const length = this.#rest.readInt32BE(header - 4) + header - 4;
      if (this.#rest.length < length) return;
      const bytes = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield { type: this.#untyped ? 0 : (bytes[0] ?? 0), bytes };
      this.#untyped = false;
    }
  }
}

/**
 * Stands between the processes and PostgreSQL, and loses connections at the worst moment: a write that commits is let
 * through to the server, and the connection is cut when the server has done it and before the client hears of it.
 */
export class LossyProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #random: Random;
  readonly #sockets = new Set<Socket>();
  /** The share of committing writes whose answer is lost. */
  lossRate = 0;
  /** How many answers were lost so far. */
  losses = 0;
  #isCut = false;

  constructor(targetPort: number, random: Random) {
    this.#target = targetPort;
    this.#random = random;
    this.#server = createServer((client) => this.#join(client));
  }

  /** @returns its port */
  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port for the proxy');
    return address.port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** From now on nothing arrives, in either direction, and nobody is told: connections just hang. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Ends all connections that hang; new ones work again. */
  heal(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    if (this.#isCut) {
      client.pause();
      client.on('error', () => undefined);
      client.on('close', () => this.#sockets.delete(client));
      this.#sockets.add(client);
      return;
    }
    const server = connect(this.#target, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    this.#relay(client, server);
  }

  #relay(client: Socket, server: Socket): void {
    const [asked, answered] = [new Messages(true), new Messages(false)];
    let inTransaction = false;
    // Set when an answer is to be lost, until the server has said that it is done.
    let doomed = false;
    let commits = false;
    client.on('data', (chunk: Buffer) => {
      for (const { type, bytes } of asked.push(chunk)) {
        if (type === PARSE || type === QUERY) {
          const text = bytes.toString('latin1', 5);
          inTransaction ||= BEGINS.test(text);
          const write = WRITES.exec(text)?.[1];
          commits = write !== undefined && (!inTransaction || write === 'COMMIT');
        }
        if (commits && (type === SYNC || type === QUERY)) {
          commits = false;
          doomed ||= this.#random.chance(this.lossRate);
        }
      }
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      // Decided before the chunk is looked at: what belongs to a doomed answer is never passed on.
      const lose = doomed;
      for (const { type, bytes } of answered.push(chunk)) {
        if (type !== READY_FOR_QUERY) continue;
        inTransaction = bytes[5] !== IDLE;
        if (lose) {
          this.losses += 1;
          client.destroy();
          server.destroy();
          return;
        }
      }
      if (!lose) client.write(chunk);
    });
  }
}
