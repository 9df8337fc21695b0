/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** What `Last-Event-ID` must say to go on after it; undefined when the server numbers nothing. */
  readonly id: string | undefined;
}

/** Events out of the bytes of a `text/event-stream`, cut anywhere. An event that is not finished is dropped. */
export async function* parseEventStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data: string[] = [];
  let id: string | undefined;
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
        event = '';
        data = [];
        continue;
      }
      const [, name, value] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
      if (name === 'event') event = value ?? '';
      else if (name === 'data') data.push(value ?? '');
      else if (name === 'id') id = value ?? '';
    }
  }
}
