import type { Authenticator } from '../../auth/authenticator.ts';
import type { TokenCodec } from '../../auth/token-codec.ts';
import type { Vault } from '../../connections/vault.ts';
import type { Bus } from '../../events/bus.ts';
import type { Health } from '../../http/health.ts';
import type { Idempotency } from '../../http/idempotency.ts';
import type { Metrics } from '../../http/metrics.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Store } from '../../store/store.ts';
import type { Warehouse } from './datasets/warehouse.ts';

/** What the area's routes work with; the entry point hands it in. */
export interface DatasyncDeps {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly codec: TokenCodec;
  readonly idempotency: Idempotency;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly vault: Vault;
  readonly bus: Bus;
  readonly logger: Logger;
  /** Days that what came in is kept. */
  readonly retentionDays: number;
  /** Of one file. */
  readonly maxUploadBytes: number;
  readonly warehouse: Warehouse;
  /** Of a LibreTranslate service that workers ask. */
  readonly translatorUrl: string | undefined;
}
