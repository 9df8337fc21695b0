import type { Vault } from '../../connections/vault.ts';
import type { Wake } from '../../engine/wake.ts';
import type { Health } from '../../http/health.ts';
import type { Idempotency } from '../../http/idempotency.ts';
import type { Metrics } from '../../http/metrics.ts';
import type { WorkerPort } from '../../protocol/worker.ts';
import type { Store } from '../../store/store.ts';

/** What the area's routes work with; the entry point hands it in. */
export interface SchedulerDeps {
  readonly store: Store;
  readonly vault: Vault;
  readonly idempotency: Idempotency;
  readonly health: Health;
  readonly metrics: Metrics;
  /** The engine's own; the routes for workers are a view on it. */
  readonly port: WorkerPort;
  /** Wakes whoever follows a log. */
  readonly logsWritten: Wake;
}
