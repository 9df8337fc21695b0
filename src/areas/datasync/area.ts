import type { Authenticator } from '../../auth/authenticator.ts';
import type { App, Area } from '../../http/area.ts';
import type { Idempotency } from '../../http/idempotency.ts';
import type { Store } from '../../store/store.ts';
import { datasyncDialect } from './dialect.ts';
import { registerApiKeyRoutes } from './routes/api-keys.ts';

export interface DatasyncDeps {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly idempotency: Idempotency;
}

/** Data synchronisation; so far its part that all areas share: API keys. */
export function datasyncArea(deps: DatasyncDeps): Area {
  return {
    name: 'datasync',
    title: 'Data sync',
    description: 'API keys, for all areas.',
    prefixes: ['/v1/sync'],
    dialect: datasyncDialect,
    services: [],
    register(app: App) {
      registerApiKeyRoutes(app, deps);
    },
  };
}
