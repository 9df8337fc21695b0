import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterFile } from './cleanup.ts';

/** A message as the server sends it, of whatever type. */
export type SocketMessage = ReturnType<typeof JSON.parse>;

/** A client of `/v1/sync/ws` that keeps all it was told. */
export class SocketClient {
  readonly ws: WebSocket;
  readonly messages: SocketMessage[] = [];
  /** Resolves when the socket is closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #looked = 0;
  #arrived: () => void = () => undefined;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    this.closed = new Promise((resolve) =>
      ws.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    ws.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      this.#arrived();
    });
    void this.closed.then(() => this.#arrived());
  }

  /**
   * @param query such as `?token=…`
   * @throws Error that names the status when the server refuses
   */
  static async open(serverUrl: string, query: string, headers: Record<string, string> = {}): Promise<SocketClient> {
    const ws = new WebSocket(`${serverUrl.replace(/^http/, 'ws')}/v1/sync/ws${query}`, { headers });
    afterFile(() => ws.terminate());
    const client = new SocketClient(ws);
    await once(ws, 'open');
    ws.on('error', () => undefined);
    return client;
  }

  say(message: unknown): void {
    this.ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** Subscribes, and waits until the server has said so. @returns the acknowledgement */
  async subscribe(channel: string, filters: object = {}, since?: number): Promise<SocketMessage> {
    this.say({ type: 'subscribe', payload: { channel, filters, ...(since === undefined ? {} : { since }) } });
    return this.next('subscribed');
  }

  /** The next message that was not looked at yet, of this type where one is named; earlier ones are passed over. */
  async next(type?: string): Promise<SocketMessage> {
    for (;;) {
      while (this.#looked < this.messages.length) {
        const message = this.messages[this.#looked];
        this.#looked += 1;
        if (type === undefined || message.type === type) return message;
      }
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error(`closed before ${type ?? 'a message'} came`);
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** Asks for a sign of life: whatever was told before has come with the answer. */
  async settled(): Promise<void> {
    this.say({ type: 'ping' });
    await this.next('pong');
  }

  of(type: string): SocketMessage[] {
    return this.messages.filter((message) => message.type === type);
  }

  async close(): Promise<void> {
    this.ws.close();
    await this.closed;
  }
}
