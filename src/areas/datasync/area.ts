import type { App, Area } from '../../http/area.ts';
import type { DatasyncDeps } from './deps.ts';
import { datasyncDialect } from './dialect.ts';
import { LiveHub } from './live/hub.ts';
import { socketKeeper } from './live/keeper.ts';
import { pushPruner } from './push-pruner.ts';
import { registerApiKeyRoutes } from './routes/api-keys.ts';
import { registerAuthRoutes } from './routes/auth.ts';
import { registerConflictRoutes } from './routes/conflicts.ts';
import { registerConnectorRoutes } from './routes/connectors.ts';
import { registerDatasetDerivationRoutes } from './routes/dataset-derivations.ts';
import { registerDatasetRoutes } from './routes/datasets.ts';
import { registerFileRoutes } from './routes/files.ts';
import { registerJobControlRoutes } from './routes/job-controls.ts';
import { registerJobInsightRoutes } from './routes/job-insight.ts';
import { registerJobRoutes } from './routes/jobs.ts';
import { registerOAuthClientRoutes } from './routes/oauth-clients.ts';
import { registerPushRoutes } from './routes/push.ts';
import { registerQuarantineRoutes } from './routes/quarantine.ts';
import { registerSystemRoutes } from './routes/system.ts';
import { registerWebhookRoutes } from './routes/webhooks.ts';
import { registerWsRoutes } from './routes/ws.ts';

/** Data sync: jobs that move records from any source to any destination, and what serves all areas: tokens, keys. */
export function datasyncArea(deps: DatasyncDeps): Area {
  const hub = new LiveHub(deps);
  return {
    name: 'datasync',
    title: 'Data sync',
    description: 'Jobs that move records from any source to any destination; tokens, API keys and OAuth clients.',
    prefixes: ['/v1/sync'],
    dialect: datasyncDialect,
    services: [pushPruner(deps), hub, socketKeeper({ ...deps, hub })],
    register(app: App) {
      registerAuthRoutes(app, deps);
      registerApiKeyRoutes(app, deps);
      registerOAuthClientRoutes(app, deps);
      registerJobRoutes(app, deps);
      registerJobControlRoutes(app, deps);
      registerJobInsightRoutes(app, deps);
      registerQuarantineRoutes(app, deps);
      registerConflictRoutes(app, deps);
      registerConnectorRoutes(app);
      registerPushRoutes(app, deps);
      registerFileRoutes(app, deps);
      registerWebhookRoutes(app, deps);
      registerWsRoutes(app, deps, hub);
      registerDatasetRoutes(app, deps);
      registerDatasetDerivationRoutes(app, deps);
      registerSystemRoutes(app, deps);
    },
  };
}
