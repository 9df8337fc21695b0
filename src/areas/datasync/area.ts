import type { App, Area } from '../../http/area.ts';
import type { DatasyncDeps } from './deps.ts';
import { datasyncDialect } from './dialect.ts';
import { registerApiKeyRoutes } from './routes/api-keys.ts';
import { registerAuthRoutes } from './routes/auth.ts';
import { registerOAuthClientRoutes } from './routes/oauth-clients.ts';
import { registerSystemRoutes } from './routes/system.ts';

/** Data synchronisation; so far its parts that all areas share: tokens, API keys, OAuth clients. */
export function datasyncArea(deps: DatasyncDeps): Area {
  return {
    name: 'datasync',
    title: 'Data sync',
    description: 'Tokens, API keys and OAuth clients, for all areas.',
    prefixes: ['/v1/sync'],
    dialect: datasyncDialect,
    services: [],
    register(app: App) {
      registerAuthRoutes(app, deps);
      registerApiKeyRoutes(app, deps);
      registerOAuthClientRoutes(app, deps);
      registerSystemRoutes(app, deps);
    },
  };
}
