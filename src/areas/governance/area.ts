import type { App, Area } from '../../http/area.ts';
import type { GovernanceDeps } from './deps.ts';
import { governanceDialect } from './dialect.ts';
import { registerAuthRoutes } from './routes/auth.ts';

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
