import type { App, Area } from '../../http/area.ts';
import type { DatasyncDeps } from './deps.ts';
import { datasyncDialect } from './dialect.ts';
import { registerApiKeyRoutes } from './routes/api-keys.ts';

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
