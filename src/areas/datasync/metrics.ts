import { Counter, Histogram, type Registry } from 'prom-client';
import { RUNS_TOPIC, type RunsEvent } from '../../engine/model.ts';
import type { RunState } from '../../engine/states.ts';
import type { Bus, BusEvent } from '../../events/bus.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Store } from '../../store/store.ts';
import { AREA, LOAD_KIND, SYNC_KIND } from './kinds.ts';
import { operationsOf } from './queries/operation_list.ts';

const SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400];
const KINDS = [SYNC_KIND, LOAD_KIND];

/** The metric's own words, by the states with which an operation is over. */
const STATUS_OF: Readonly<Partial<Record<RunState, string>>> = {
  succeeded: 'success',
  failed: 'failed',
  dead: 'failed',
  cancelled: 'cancelled',
};

/**
 * What was synced and loaded, as the contract names it. Every server hears of every run: over servers take the
 * maximum, not the sum. Counted from the server's start.
 */
export function registerSyncMetrics(registry: Registry, options: { store: Store; bus: Bus; logger: Logger }): void {
  const { store, bus, logger } = options;
  const registers = [registry];
  const operations = new Counter({
    name: 'sync_operations_total',
    help: 'Total sync operations',
    labelNames: ['connector', 'status'],
    registers,
  });
  const latency = new Histogram({
    name: 'sync_latency_seconds',
    help: 'Sync operation latency',
    buckets: SECONDS,
    registers,
  });
  const count = async (status: string, ids: readonly number[]): Promise<void> => {
    for (const { connector, seconds } of await operationsOf(store, ids)) {
      operations.inc({ connector, status });
      if (seconds !== null) latency.observe(seconds);
    }
  };
  bus.subscribe(({ topic, payload }: BusEvent) => {
    if (topic !== RUNS_TOPIC) return;
    const { area, kind, state, ids } = payload as unknown as RunsEvent;
    const status = STATUS_OF[state];
    if (area !== AREA || !KINDS.includes(kind) || status === undefined) return;
    count(status, ids).catch((error: unknown) => logger.warn({ err: error }, 'sync operations could not be counted'));
  });
}
