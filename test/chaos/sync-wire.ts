/**
 * What a client asks of a database or a REST service, cut out of the bytes between them: enough to count what it asks,
 * to read it, and to know when it was answered. Neither side encrypts here.
 */
export type WireProtocol = 'postgresql' | 'mysql' | 'http';

export interface Piece {
  readonly bytes: Buffer;
  /** With this piece the server has all that it needs to begin: the statement, or what was sent of it. */
  readonly asks?: string;
}

/** Cuts what one side says into pieces. */
export interface Cutter {
  push(chunk: Buffer): Generator<Piece>;
}

export interface Wire {
  /** What the client says. */
  readonly client: Cutter;
  /** Whether a chunk of the server's holds the end of an answer, or asks for rows to load. */
  answers(chunk: Buffer): boolean;
}

const WIRES = { postgresql: postgresWire, mysql: mysqlWire, http: httpWire };

export function wireOf(protocol: WireProtocol): Wire {
  return WIRES[protocol]();
}

/** Cuts a stream into messages of `lengthOf(header)` bytes, the header included. */
class Framer {
  readonly #header: () => number;
  readonly #lengthOf: (header: Buffer) => number;
  #rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);

  constructor(header: () => number, lengthOf: (header: Buffer) => number) {
    this.#header = header;
    this.#lengthOf = lengthOf;
  }

  *push(chunk: Buffer): Generator<Buffer> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= this.#header()) {
      const length = this.#lengthOf(this.#rest);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield message;
    }
  }
}

function postgresWire(): Wire {
  // A client's first message has no type.
  let begun = false;
  const frame = () => (begun ? 5 : 4);
  const asked = new Framer(frame, (header) => header.readInt32BE(frame() - 4) + frame() - 4);
  const answered = new Framer(
    () => 5,
    (header) => header.readInt32BE(1) + 1,
  );
  let parsed = '';
  const ask = (bytes: Buffer): string | undefined => {
    switch (String.fromCharCode(bytes[0] ?? 0)) {
      case 'Q':
        return bytes.toString('utf8', 5, bytes.length - 1);
      case 'P':
        // A name, then the statement, each up to a zero.
        parsed = bytes.toString('utf8', bytes.indexOf(0, 5) + 1).split('\0')[0] ?? '';
        return undefined;
      case 'S':
        return parsed;
      case 'c':
        return 'the end of what is copied';
      case 'X':
        return 'goodbye';
      default:
        return undefined;
    }
  };
  return {
    client: {
      *push(chunk) {
        for (const bytes of asked.push(chunk)) {
          const asks = begun ? ask(bytes) : 'hello';
          begun = true;
          yield asks === undefined ? { bytes } : { bytes, asks };
        }
      },
    },
    // ReadyForQuery, or CopyInResponse.
    answers: (chunk) => {
      let ends = false;
      for (const [type] of answered.push(chunk)) ends ||= type === 0x5a || type === 0x47;
      return ends;
    },
  };
}

const [COM_QUIT, COM_QUERY] = [1, 3];

function mysqlWire(): Wire {
  const framer = new Framer(
    () => 4,
    (header) => header.readUIntLE(0, 3) + 4,
  );
  let begun = false;
  let loads = false;
  const ask = (bytes: Buffer): string | undefined => {
    const [sequence, command] = [bytes[3], bytes[4]];
    if (sequence === 0) {
      const text = command === COM_QUERY ? bytes.toString('utf8', 5) : '';
      loads = text.startsWith('LOAD DATA LOCAL');
      return command === COM_QUIT ? 'goodbye' : text;
    }
    if (!loads || bytes.length > 4) return undefined;
    loads = false;
    return 'the end of what is loaded';
  };
  return {
    client: {
      *push(chunk) {
        for (const bytes of framer.push(chunk)) {
          const asks = begun ? ask(bytes) : 'hello';
          begun = true;
          yield asks === undefined ? { bytes } : { bytes, asks };
        }
      },
    },
    // Its answer to a statement that changes something is one packet, sent when that is done.
    answers: () => true,
  };
}

/** Of requests without a body, which come whole. */
function httpWire(): Wire {
  return {
    client: {
      *push(bytes) {
        yield { bytes, asks: bytes.toString('latin1').split('\r\n', 1)[0] ?? '' };
      },
    },
    answers: () => true,
  };
}
