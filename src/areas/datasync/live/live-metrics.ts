import { Counter, Gauge, type Registry } from 'prom-client';

/** What of the sockets an operator watches. */
export interface LiveMetrics {
  /** Messages that clients were too slow for, by what became of them. */
  dropped(what: 'progress' | 'catch_up', messages: number): void;
}

/** @param open how many sockets are open now */
export function registerLiveMetrics(registry: Registry, open: () => number): LiveMetrics {
  const registers = [registry];
  new Gauge({
    name: 'longshore_websocket_connections',
    help: 'WebSockets that are open now.',
    registers,
    collect() {
      this.set(open());
    },
  });
  const dropped = new Counter({
    name: 'longshore_websocket_messages_dropped_total',
    help: 'Messages that a slow client was not sent: progress, or others that it was told to catch up on.',
    labelNames: ['what'],
    registers,
  });
  return { dropped: (what, messages) => dropped.inc({ what }, messages) };
}
