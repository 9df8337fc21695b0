import type { Authenticator } from '../../auth/authenticator.ts';
import type { TokenCodec } from '../../auth/token-codec.ts';
import type { Store } from '../../store/store.ts';

/** What the area's routes work with; the entry point hands it in. */
export interface GovernanceDeps {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly codec: TokenCodec;
}
