import type { Authenticator } from '../../auth/authenticator.ts';
import type { Idempotency } from '../../http/idempotency.ts';
import type { Store } from '../../store/store.ts';

/** What the area's routes work with; the entry point hands it in. */
export interface DatasyncDeps {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly idempotency: Idempotency;
}
