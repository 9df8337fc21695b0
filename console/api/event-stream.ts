/** One server-sent event. `data` has its lines joined by line breaks. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

/**
 * Splits a `text/event-stream` body into events as they arrive. The browser's own EventSource is not used because it
 * can send no Authorization header and tells nothing about an answer that is not 200.
 */
export class EventStreamParser {
  #rest = '';
  #id: string | undefined;
  #type = '';
  #data: string[] = [];

  /** @returns the events that this piece of the stream completes */
  push(chunk: string): StreamEvent[] {
    // A lone CR at the end may be half of a CRLF: it stays until the next piece.
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    const events: StreamEvent[] = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line: string): StreamEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }

  #dispatch(): StreamEvent | undefined {
    const event =
      this.#data.length > 0 ? { id: this.#id, type: this.#type || 'message', data: this.#data.join('\n') } : undefined;
    this.#type = '';
    this.#data = [];
    return event;
  }
}

/** Yields the events of an answer until its body ends. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const parser = new EventStreamParser();
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
