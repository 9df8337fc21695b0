import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { RUNS_TOPIC, type RunsEvent } from '../engine/model.ts';
import { outcomesBetween, queueDepths, scheduleLatenessSeconds, workersByState } from '../engine/queries/statistics.ts';
import type { Bus, BusEvent } from '../events/bus.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Store } from '../store/store.ts';

const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400];
/** The metrics of one scrape are read off one look at the database. */
const LOOK_MS = 1_000;

type Look = Awaited<ReturnType<typeof lookAt>>;

async function lookAt(store: Store) {
  const today = new Date().toISOString().slice(0, 10);
  const [outcomes, queues, workers, lateSeconds] = await Promise.all([
    outcomesBetween(store, { from: today, to: today }),
    queueDepths(store),
    workersByState(store),
    scheduleLatenessSeconds(store),
  ]);
  return { outcomes, queues, workers, lateSeconds };
}

/**
 * The engine's metrics. They are of the whole database, the same at every server: over servers take their maximum,
 * not their sum.
 */
export function registerEngineMetrics(registry: Registry, options: { store: Store; bus: Bus; logger: Logger }): void {
  const { store, bus, logger } = options;
  let latest: { at: number; look: Promise<Look | undefined> } | undefined;
  const look = (): Promise<Look | undefined> => {
    if (!latest || Date.now() - latest.at > LOOK_MS) {
      const promise = lookAt(store).catch((error: unknown) => {
        // The process's own metrics are wanted most when the database is away.
        logger.warn({ err: error }, 'metrics of the engine could not be read');
        return undefined;
      });
      latest = { at: Date.now(), look: promise };
    }
    return latest.look;
  };
  registerLooks(registry, look);
  registerDurations(registry, bus);
}

function registerLooks(registry: Registry, look: () => Promise<Look | undefined>): void {
  const registers = [registry];
  new Counter({
    name: 'longshore_runs_total',
    help: 'Attempts by outcome since midnight UTC (it begins anew then): ends of runs, and besides retried, returned (given back) and lost (its lease lapsed).',
    labelNames: ['area', 'kind', 'outcome'],
    registers,
    async collect() {
      this.reset();
      for (const { area, kind, outcome, runs } of (await look())?.outcomes ?? [])
        this.inc({ area, kind, outcome }, runs);
    },
  });
  new Gauge({
    name: 'longshore_queue_depth',
    help: 'Runs that wait for a worker.',
    labelNames: ['queue'],
    registers,
    async collect() {
      this.reset();
      for (const { queue, depth } of (await look())?.queues ?? []) this.set({ queue }, depth);
    },
  });
  new Gauge({
    name: 'longshore_queue_oldest_seconds',
    help: 'How long the run that has waited longest has waited.',
    labelNames: ['queue'],
    registers,
    async collect() {
      this.reset();
      for (const { queue, oldestSeconds } of (await look())?.queues ?? []) this.set({ queue }, oldestSeconds);
    },
  });
  new Gauge({
    name: 'longshore_workers',
    help: 'Workers by state.',
    labelNames: ['state'],
    registers,
    async collect() {
      const workers = (await look())?.workers ?? [];
      for (const state of ['online', 'offline', 'disabled'] as const) {
        this.set({ state }, workers.find((entry) => entry.state === state)?.workers ?? 0);
      }
    },
  });
  new Gauge({
    name: 'longshore_schedule_lateness_seconds',
    help: 'How far the most overdue schedule is behind; 0 when none is.',
    registers,
    async collect() {
      this.set((await look())?.lateSeconds ?? 0);
    },
  });
}

function registerDurations(registry: Registry, bus: Bus): void {
  const durations = new Histogram({
    name: 'longshore_run_duration_seconds',
    help: 'How long attempts took, by kind and what followed them.',
    labelNames: ['kind', 'outcome'],
    buckets: SECONDS,
    registers: [registry],
  });
  const waits = new Histogram({
    name: 'longshore_run_queue_wait_seconds',
    help: 'From when a run was due to its first start.',
    labelNames: ['kind'],
    buckets: SECONDS,
    registers: [registry],
  });
  bus.subscribe(({ topic, payload }: BusEvent) => {
    if (topic !== RUNS_TOPIC) return;
    const { kind, state, duration_ms, wait_ms } = payload as unknown as RunsEvent;
    for (const ms of duration_ms) if (ms !== null) durations.observe({ kind, outcome: state }, ms / 1000);
    for (const ms of wait_ms) if (ms !== null) waits.observe({ kind }, ms / 1000);
  });
}
