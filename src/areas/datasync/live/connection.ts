import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { holderOf } from '../../../auth/holders.ts';
import type { Identity } from '../../../auth/identity.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import type { Batch } from './batch.ts';
import type { Wanted } from './channels.ts';
import { textFrame } from './frame.ts';

/** Bytes that may wait for a client before it is told no more how far runs are: the next such message says it again. */
const PROGRESS_WAITS = 64 * 1024;
/** Bytes that may wait for a client before it is told nothing more at all, but to catch up. */
const ANYTHING_WAITS = 1024 * 1024;
/** A client that does not answer our closing by then is cut off. */
const CLOSING_MS = 2_000;

/** Of RFC 6455, 7.4.1. */
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_POLICY = 1008;

/** Whoever has opened a socket. */
export interface Client {
  readonly ws: WebSocket;
  /** What `ws` writes to. */
  readonly wire: Socket;
  readonly identity: Identity;
  /** When its token ends, in epoch milliseconds; null = with its sign-in or key. */
  readonly expiresAt: number | null;
  /** Counts one message. @returns whether it may be heard */
  mayTalk(): Promise<boolean>;
}

let opened = 0;

/** One client's socket: writes to it, and knows how much waits for it. */
export class Connection {
  /** Rises; spreads over time what is done to all. */
  readonly number = ++opened;
  readonly client: Client;
  readonly holder: string;
  /** Ends when the latest replay has: a client has one at a time. */
  replays: Promise<void> = Promise.resolve();
  /** By `performance.now()`. */
  heardAt = performance.now();
  /** The batch that is being told, and what any of its subscriptions wants of it. */
  telling: { batch: Batch; wanted: Wanted } | undefined;
  #progressDropped = 0;
  #draining: (() => void)[] = [];

  /** @param onDrained called when all that waited has been taken by the client */
  constructor(client: Client, onDrained: (connection: Connection) => void) {
    this.client = client;
    this.holder = holderOf(client.identity);
    const { ws, wire } = client;
    wire.on('drain', () => {
      this.#release();
      onDrained(this);
    });
    ws.once('close', () => this.#release());
  }

  get isOpen(): boolean {
    const { ws } = this.client;
    return ws.readyState === ws.OPEN;
  }

  /** Whether so much waits that how far runs are is not told. */
  get isBusy(): boolean {
    return this.client.wire.writableLength > PROGRESS_WAITS;
  }

  /** Whether so much waits that nothing is told. */
  get isFull(): boolean {
    return this.client.wire.writableLength > ANYTHING_WAITS;
  }

  /**
   * Writes frames as they are, past `ws`, which would make a header for each client and each message. Whole frames may
   * stand between its own: it compresses nothing, so it writes each in one go.
   */
  write(frames: Buffer): void {
    if (this.isOpen) this.client.wire.write(frames);
  }

  /** A message for this client alone. */
  say(type: string, payload: object, extra: object = {}): void {
    this.write(textFrame(JSON.stringify({ type, payload, timestamp: rfc3339(new Date()), ...extra })));
  }

  dropProgress(messages: number): void {
    this.#progressDropped += messages;
  }

  /** @returns how many messages it was not told since this was asked last */
  takeProgressDropped(): number {
    const dropped = this.#progressDropped;
    this.#progressDropped = 0;
    return dropped;
  }

  /** Resolves when the client has taken what waits, or is gone. */
  async drained(): Promise<void> {
    if (!this.isOpen || !this.client.wire.writableNeedDrain) return;
    await new Promise<void>((resolve) => this.#draining.push(resolve));
  }

  /** Says why, where it was not closing already, and cuts it off when it does not answer. */
  close(code: number, reason: string): void {
    const { ws } = this.client;
    ws.close(code, reason);
    const cut = setTimeout(() => ws.terminate(), CLOSING_MS);
    ws.once('close', () => clearTimeout(cut));
  }

  #release(): void {
    const waiting = this.#draining;
    this.#draining = [];
    for (const resolve of waiting) resolve();
  }
}
