import { body } from './answers.ts';
import { syncClient } from './client.ts';
import type { Json, JsonObject } from './sync-model.ts';
import { isJsonObject } from './sync-model.ts';

/** What the server says as it happens; `docs/openapi/datasync.json` has them all under `/v1/sync/ws`. */
export interface LiveMessage {
  readonly type: string;
  readonly payload: JsonObject;
  /** Absent on what answers a message of ours. */
  readonly job_id?: string | null;
}

export type LiveChannel = 'sync_updates' | 'conflicts';

interface LiveOptions {
  readonly channels: readonly LiveChannel[];
  onMessage(message: LiveMessage): void;
  /** Called with true when everything is heard from now on, with false when it is not any more. */
  onState(live: boolean): void;
}

const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

function parse(text: unknown): LiveMessage | undefined {
  if (typeof text !== 'string') return undefined;
  const message = JSON.parse(text) as Json;
  if (!isJsonObject(message) || typeof message.type !== 'string' || !isJsonObject(message.payload)) return undefined;
  const { type, payload, job_id } = message;
  return { type, payload, ...(typeof job_id === 'string' ? { job_id } : {}) };
}

/**
 * Listens to `/v1/sync/ws` until the returned function is called, connecting again whenever it breaks. What happened
 * in between is not asked for: `onState(true)` is the moment to read everything afresh.
 */
export function listen({ channels, onMessage, onState }: LiveOptions): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  let failures = 0;

  const later = () => {
    if (ended) return;
    const wait = Math.min(SHORTEST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
    failures += 1;
    // Not all consoles at the same moment, when a server has come back.
    timer = setTimeout(() => void connect(), wait * (0.5 + Math.random() / 2));
  };

  const connect = async () => {
    try {
      const { ticket } = await body(syncClient.POST('/v1/sync/ws/ticket', { body: {} }));
      if (!ended) open(ticket);
    } catch {
      // Unreachable, or not allowed to: whoever shows data asks for it anyway, and says what is wrong then.
      later();
    }
  };

  const open = (ticket: string) => {
    const address = new URL(`/v1/sync/ws?ticket=${encodeURIComponent(ticket)}`, window.location.href);
    address.protocol = address.protocol.replace('http', 'ws');
    const opened = new WebSocket(address);
    let waitingFor = channels.length;
    socket = opened;
    opened.onopen = () => {
      for (const channel of channels) opened.send(JSON.stringify({ type: 'subscribe', payload: { channel } }));
    };
    opened.onmessage = ({ data }) => {
      const message = parse(data);
      if (!message || ended) return;
      if (message.type === 'subscribed') {
        waitingFor -= 1;
        if (waitingFor > 0) return;
        failures = 0;
        onState(true);
      } else if (message.type === 'catch_up') {
        // We were too slow, and the subscription rests: a new connection reads everything afresh.
        opened.close();
      } else {
        onMessage(message);
      }
    };
    opened.onclose = () => {
      if (ended) return;
      onState(false);
      later();
    };
  };

  void connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket?.close();
  };
}
