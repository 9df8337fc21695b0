import type { Authenticator } from '../../auth/authenticator.ts';
import type { TokenCodec } from '../../auth/token-codec.ts';
import type { App, Area } from '../../http/area.ts';
import type { Store } from '../../store/store.ts';
import { governanceDialect } from './dialect.ts';
import { registerAuthRoutes } from './routes/auth.ts';

export interface GovernanceDeps {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly codec: TokenCodec;
}

/** Database governance; so far its part that all areas share: signing in. */
export function governanceArea(deps: GovernanceDeps): Area {
  return {
    name: 'governance',
    title: 'Database governance',
    description: 'Signing in and out, for all areas.',
    prefixes: ['/api', '/auth', '/health'],
    dialect: governanceDialect,
    services: [],
    register(app: App) {
      registerAuthRoutes(app, deps);
    },
  };
}
