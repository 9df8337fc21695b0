import { Bus } from '../events/bus.ts';
import type { Logger } from '../kernel/logger.ts';
import { type Service, ServiceGroup } from '../kernel/service.ts';
import type { LeasedRun } from '../protocol/worker.ts';
import type { Listener } from '../store/listener.ts';
import type { Store } from '../store/store.ts';
import { expirer } from './daemons/expirer.ts';
import { promoter } from './daemons/promoter.ts';
import { pruner } from './daemons/pruner.ts';
import { type OnReport, reporter } from './daemons/reporter.ts';
import { rescuer } from './daemons/rescuer.ts';
import { scheduler } from './daemons/scheduler.ts';
import { RUNS_TOPIC, type RunsEvent } from './model.ts';
import { PostgresPort } from './postgres-port.ts';

export interface EngineOptions {
  readonly store: Store;
  readonly listener: Listener;
  readonly logger: Logger;
  readonly retentionDays: number;
  /** By area: what it makes of the ends of its watched runs and of what executors emitted. */
  readonly onReport: ReadonlyMap<string, OnReport>;
  /** See PostgresPort. */
  readonly resolveSpecs?: ((runs: LeasedRun[]) => Promise<LeasedRun[]>) | undefined;
}

/** The engine's part of a server process. Any number of servers may run it on one database. */
export class Engine implements Service {
  readonly name = 'engine';
  readonly bus: Bus;
  /** What the HTTP routes for workers speak to. */
  readonly port: PostgresPort;
  readonly #group: ServiceGroup;

  constructor({ store, listener, logger, retentionDays, onReport, resolveSpecs }: EngineOptions) {
    this.bus = new Bus({ db: store, listener, logger });
    this.port = new PostgresPort({ store, listener, logger, resolveSpecs });
    const schedules = scheduler(store, logger);
    const promotions = promoter(store, logger);
    listener.on('longshore_due', () => {
      schedules.wake();
      promotions.wake();
    });
    // A retry may be due before the promoter looks again by itself.
    this.bus.subscribe(({ topic, payload }) => {
      if (topic === RUNS_TOPIC && (payload as unknown as RunsEvent).state === 'retry_wait') promotions.wake();
    });
    this.#group = new ServiceGroup('engine', [
      this.bus,
      pruner(store, logger, retentionDays),
      promotions,
      rescuer(store, logger),
      expirer(store, logger),
      schedules,
      reporter(store, logger, onReport),
    ]);
  }

  start(): Promise<void> {
    return this.#group.start();
  }

  stop(): Promise<void> {
    return this.#group.stop();
  }
}
