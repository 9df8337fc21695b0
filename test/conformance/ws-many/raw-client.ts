import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const TEXT = 1;
const PING = 9;
const PONG = 10;

/** As much of a WebSocket client as takes little memory: text, and answers to pings. */
export class RawClient {
  readonly #socket: Socket;
  readonly #onMessage: (message: ReturnType<typeof JSON.parse>) => void;
  #rest: Buffer = Buffer.alloc(0);
  #upgraded = false;

  private constructor(socket: Socket, onMessage: (message: ReturnType<typeof JSON.parse>) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    socket.on('data', (data) => this.#read(data));
  }

  /** Resolves when it is connected; the server's answer is read later. @param onClose called when the server ends it */
  static async open(
    url: URL,
    onMessage: (message: ReturnType<typeof JSON.parse>) => void,
    onClose: () => void,
  ): Promise<RawClient> {
    const socket = connect({ port: Number(url.port), host: url.hostname, noDelay: true });
    await once(socket, 'connect');
    const client = new RawClient(socket, onMessage);
    socket.on('error', () => undefined).once('close', onClose);
    const key = randomBytes(16).toString('base64');
    const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`, 'Connection: Upgrade'];
    lines.push('Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    return client;
  }

  /** @param message shorter than 64 KiB as JSON */
  say(message: object): void {
    this.#send(TEXT, Buffer.from(JSON.stringify(message)));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroy();
  }

  #send(opcode: number, data: Buffer): void {
    const short = data.length < 126;
    const header = Buffer.alloc(short ? 6 : 8);
    header[0] = 0x80 | opcode;
    header[1] = 0x80 | (short ? data.length : 126);
    if (!short) header.writeUInt16BE(data.length, 2);
    // The mask is zero, which leaves the data as it is.
    this.#socket.write(Buffer.concat([header, data]));
  }

  #read(data: Buffer): void {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    if (!this.#upgraded) {
      const end = rest.indexOf('\r\n\r\n');
      if (end === -1) {
        this.#rest = rest;
        return;
      }
      const status = rest.subarray(0, rest.indexOf('\r\n')).toString();
      if (!status.includes(' 101 ')) throw new Error(`the handshake was answered ${status}`);
      this.#upgraded = true;
      rest = rest.subarray(end + 4);
    }
    for (let size = frameSize(rest); size !== undefined && size.total <= rest.length; size = frameSize(rest)) {
      this.#take((rest[0] ?? 0) & 0x0f, rest.subarray(size.total - size.payload, size.total));
      rest = rest.subarray(size.total);
    }
    // A copy: a few bytes must not keep all that was read in memory.
    this.#rest = Buffer.from(rest);
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.#onMessage(JSON.parse(payload.toString()));
    else if (opcode === PING) this.#send(PONG, payload);
  }
}

function frameSize(data: Buffer): { total: number; payload: number } | undefined {
  const short = data[1];
  if (short === undefined) return undefined;
  if (short < 126) return { total: 2 + short, payload: short };
  const header = short === 126 ? 4 : 10;
  if (data.length < header) return undefined;
  const payload = short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  return { total: header + payload, payload };
}
