import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Wire, type WireProtocol, wireOf } from './sync-wire.ts';

/** A moment of a conversation: `before` its nth question reaches the server, or `after` it was done and not heard of. */
export interface Moment {
  /** From 0; of a database, the first is the greeting. */
  readonly at: number;
  readonly when: 'before' | 'after';
}

/**
 * Stands between a worker and a database or a service, and stops at a moment that it was told: nothing passes any more
 * until it is opened. Whoever is killed then, is killed exactly there.
 */
export class SyncGate {
  readonly #server: Server;
  readonly #target: number;
  readonly #protocol: WireProtocol;
  readonly #links = new Set<Link>();
  #moment: Moment | undefined;
  #asked = 0;
  #reached: () => void = () => undefined;
  readonly #waiting: { readonly wanted: RegExp; readonly resolve: () => void }[] = [];
  /** What was asked since it was armed. */
  readonly trace: string[] = [];

  private constructor(target: number, protocol: WireProtocol) {
    this.#target = target;
    this.#protocol = protocol;
    // Half open, so that whoever hangs up at a moment is not answered either.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
  }

  static async open(target: number, protocol: WireProtocol): Promise<SyncGate> {
    const gate = new SyncGate(target, protocol);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Counts from here. @returns a promise of the moment, which may never come; none is waited for unless told */
  arm(moment?: Moment): Promise<void> {
    this.#moment = moment;
    this.#asked = 0;
    this.trace.length = 0;
    this.#waiting.length = 0;
    return new Promise((resolve) => {
      this.#reached = resolve;
    });
  }

  /** Resolves when something like this is asked, from now on. */
  asked(wanted: RegExp): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
  }

  /** Nobody is connected any more. */
  get isQuiet(): boolean {
    return this.#links.size === 0;
  }

  /** Ends the conversations that were stopped; new ones are let through. */
  open(): void {
    this.#moment = undefined;
    for (const link of this.#links) link.end();
  }

  /** Lets through what was stopped, as if nothing had been. */
  release(): void {
    this.#moment = undefined;
    for (const link of this.#links) link.release();
  }

  async close(): Promise<void> {
    this.open();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const link = new Link(
      client,
      connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true }),
      wireOf(this.#protocol),
      {
        stopsBefore: (text) => this.#ask(text),
        stopsAfter: () => this.#isAt(this.#asked - 1, 'after'),
        stopped: () => {
          // Others pass: a successor of whoever stands here.
          this.#moment = undefined;
          this.#reached();
        },
      },
    );
    this.#links.add(link);
    void link.ended.then(() => this.#links.delete(link));
  }

  #ask(text: string): boolean {
    this.trace.push(text);
    for (const { wanted, resolve } of this.#waiting) if (wanted.test(text)) resolve();
    this.#asked += 1;
    return this.#isAt(this.#asked - 1, 'before');
  }

  #isAt(at: number, when: Moment['when']): boolean {
    return this.#moment?.at === at && this.#moment.when === when;
  }
}

interface Watch {
  /** Told of each statement. */
  stopsBefore(text: string): boolean;
  /** Asked when the latest statement was answered. */
  stopsAfter(): boolean;
  stopped(): void;
}

/** One connection through the gate. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  /** Resolves when both sides have hung up. */
  readonly ended: Promise<unknown>;
  /** What was held back, by the side that it is for. */
  #held: { readonly to: Socket; readonly bytes: Buffer | undefined }[] | undefined;

  constructor(client: Socket, server: Socket, wire: Wire, watch: Watch) {
    this.#client = client;
    this.#server = server;
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.end());
      socket.on('close', () => {
        // What is lost for one side is for the other, unless the moment has come: nothing passes any more then.
        if (!this.#held) this.end();
      });
    }
    this.ended = Promise.all([client, server].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    client.on('end', () => this.#pass(server, undefined));
    server.on('end', () => this.#pass(client, undefined));
    client.on('data', (chunk: Buffer) => {
      for (const { bytes, asks } of wire.client.push(chunk)) {
        if (!this.#held && asks !== undefined && watch.stopsBefore(asks)) this.#stop(watch);
        this.#pass(server, bytes);
      }
    });
    server.on('data', (chunk: Buffer) => {
      const answers = wire.answers(chunk);
      if (!this.#held && answers && watch.stopsAfter()) this.#stop(watch);
      this.#pass(client, chunk);
    });
  }

  end(): void {
    this.#held = undefined;
    this.#client.destroy();
    this.#server.destroy();
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { to, bytes } of held) this.#pass(to, bytes);
  }

  #stop(watch: Watch): void {
    this.#held = [];
    watch.stopped();
  }

  /** @param bytes undefined = it hangs up */
  #pass(to: Socket, bytes: Buffer | undefined): void {
    if (this.#held) this.#held.push({ to, bytes });
    else if (bytes === undefined) to.end();
    else to.write(bytes);
  }
}
