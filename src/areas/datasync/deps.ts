import type { Authenticator } from '../../auth/authenticator.ts';
import type { Vault } from '../../connections/vault.ts';
import type { Bus } from '../../events/bus.ts';
import type { Idempotency } from '../../http/idempotency.ts';
import type { Store } from '../../store/store.ts';

/** What the area's routes work with; the entry point hands it in. */
export interface DatasyncDeps {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly idempotency: Idempotency;
  readonly vault: Vault;
  readonly bus: Bus;
}
