import path from 'node:path';
import { datasyncArea } from '../areas/datasync/area.ts';
import type { DatasyncDeps } from '../areas/datasync/deps.ts';
import { AREA as DATASYNC } from '../areas/datasync/kinds.ts';
import { registerSyncMetrics } from '../areas/datasync/metrics.ts';
import { onSyncReport } from '../areas/datasync/reports.ts';
import { governanceArea } from '../areas/governance/area.ts';
import type { GovernanceDeps } from '../areas/governance/deps.ts';
import { schedulerArea } from '../areas/scheduler/area.ts';
import type { SchedulerDeps } from '../areas/scheduler/deps.ts';
import { onTaskReport } from '../areas/scheduler/finish.ts';
import { AREA as SCHEDULER } from '../areas/scheduler/tasks.ts';
import { AUTH_CHANGED_CHANNEL, Authenticator } from '../auth/authenticator.ts';
import { ensureAdmin, type FirstAdmin } from '../auth/first-admin.ts';
import { assertMasterKeyFits, loadMasterKey } from '../auth/master-key.ts';
import { TokenCodec } from '../auth/token-codec.ts';
import { tokenPruner } from '../auth/token-pruner.ts';
import { secretPruner } from '../connections/vault.ts';
import { ensureWarehouse } from '../connections/warehouse.ts';
import { Engine } from '../engine/engine.ts';
import { Wake } from '../engine/wake.ts';
import type { App, Area } from '../http/area.ts';
import { registerEngineMetrics } from '../http/engine-metrics.ts';
import { Health } from '../http/health.ts';
import { Idempotency, idempotencyPruner } from '../http/idempotency.ts';
import { explainListenFailure } from '../http/listening.ts';
import { Metrics } from '../http/metrics.ts';
import { createHttpServer } from '../http/server.ts';
import { SharedWindows } from '../http/shared-windows.ts';
import { LocalWindows } from '../http/windows.ts';
import { sleep } from '../kernel/clock.ts';
import type { Config } from '../kernel/config.ts';
import { UsageError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { packageRoot } from '../kernel/package.ts';
import { type Service, ServiceGroup } from '../kernel/service.ts';
import { blobPruner } from '../store/blobs.ts';
import { Listener } from '../store/listener.ts';
import { migrate } from '../store/migrate.ts';
import { Store } from '../store/store.ts';
import { openVault, specResolver, warehouseSettings } from './vault.ts';
import { openWarehouse } from './warehouse.ts';

export interface ServerSettings {
  /** Its `databaseUrl` must be set: whoever embeds PostgreSQL says where it is. */
  readonly config: Config;
  readonly logger: Logger;
  /** Whether the database is one that Longshore runs itself; told in the health answers. */
  readonly embeddedDatabase?: boolean;
  /** Where the built console lies; `console/dist` of the package unless told. */
  readonly consoleFolder?: string;
}

export interface RunningServer {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly store: Store;
  readonly app: App;
  /** What became of the first user; a generated password is in it once. */
  readonly firstAdmin: FirstAdmin;
  /**
   * Drains: `/health/ready` says no, for `noticeMs` requests are still taken so that load balancers can turn away;
   * then what is under way ends, and all services stop. A second call without notice cuts the first one's short.
   */
  stop(noticeMs?: number): Promise<void>;
}

/** The products, each a view on the same engine and identities. */
export function createAreas(deps: SchedulerDeps & GovernanceDeps & DatasyncDeps): Area[] {
  return [schedulerArea(deps), datasyncArea(deps), governanceArea(deps)];
}

/** Everything that stands between the configuration and the HTTP server. */
async function assemble(settings: ServerSettings, store: Store, masterKey: Buffer, listener: Listener) {
  const { config, logger, embeddedDatabase = false } = settings;
  const codec = new TokenCodec(masterKey);
  const authenticator = new Authenticator({ store, codec, logger });
  listener.on(AUTH_CHANGED_CHANNEL, () => authenticator.forget());
  const place = warehouseSettings(masterKey, {
    warehouseUrl: config.warehouseUrl,
    directUrl: config.directDatabaseUrl ?? config.databaseUrl ?? '',
  });
  await ensureWarehouse(store, place, logger);
  const { warehouse, service: warehousePool } = await openWarehouse(store, place, logger);
  const vault = openVault({ store, masterKey, logger, warehouse: place });
  const onReport = new Map([
    [SCHEDULER, onTaskReport(vault)],
    [DATASYNC, onSyncReport],
  ]);
  const engine = new Engine({
    store,
    listener,
    logger,
    retentionDays: config.retentionDays,
    onReport,
    resolveSpecs: specResolver(store, vault),
  });
  const redis = config.redisUrl === undefined ? undefined : new SharedWindows({ url: config.redisUrl, logger });
  const health = new Health({ store, embeddedDatabase, redis });
  const metrics = new Metrics(store);
  registerEngineMetrics(metrics.registry, { store, bus: engine.bus, logger });
  registerSyncMetrics(metrics.registry, { store, bus: engine.bus, logger });
  const idempotency = new Idempotency(store, masterKey);
  const logsWritten = new Wake(listener, 'longshore_logs');
  const { bus, port } = engine;
  const areas = createAreas({
    store,
    vault,
    bus,
    authenticator,
    codec,
    idempotency,
    health,
    metrics,
    port,
    logsWritten,
    logger,
    retentionDays: config.retentionDays,
    maxUploadBytes: config.maxUploadMb * 1024 * 1024,
    warehouse,
    translatorUrl: config.translatorUrl,
  });
  const services: Service[] = [
    listener,
    warehousePool,
    engine,
    ...(redis ? [redis] : []),
    tokenPruner(store, logger),
    idempotencyPruner(store, logger),
    blobPruner(store, logger),
    secretPruner(store, logger),
    ...areas.flatMap((area) => area.services),
  ];
  const app = await createHttpServer({
    logger,
    authenticator,
    areas,
    health,
    metrics,
    rateLimitPerMinute: config.rateLimitPerMinute,
    windows: redis ?? new LocalWindows(),
    trustedProxies: config.trustedProxies,
    consoleFolder: settings.consoleFolder ?? path.join(packageRoot, 'console/dist'),
  });
  return { app, health, services: new ServiceGroup('server process', services) };
}

/**
 * The wiring of an API process: brings the schema up to date, makes the first user, starts the engine's services and
 * listens.
 * @throws UsageError for settings that cannot work
 */
export async function startServer(settings: ServerSettings): Promise<RunningServer> {
  const { config, logger } = settings;
  const { databaseUrl: url } = config;
  if (url === undefined)
    throw new UsageError('DATABASE_URL: a server needs a database; `longshore up` brings its own.');
  const directUrl = config.directDatabaseUrl ?? url;
  const masterKey = await loadMasterKey(config, logger);
  const { applied } = await migrate(directUrl, path.join(packageRoot, 'src/store/migrations'));
  if (applied.length > 0) logger.info({ applied }, 'schema brought up to date');
  const store = new Store({ url, poolSize: config.databasePoolSize, logger, applicationName: 'longshore server' });
  try {
    await assertMasterKeyFits(store, masterKey);
    const firstAdmin = await ensureAdmin(store, { password: config.adminPassword, dataDir: config.dataDir });
    const listener = new Listener({ url: directUrl, logger });
    const { app, health, services } = await assemble(settings, store, masterKey, listener);
    await services.start();
    const { host, port } = config;
    const address = await app.listen({ host, port }).catch(async (error: unknown) => {
      await app.close();
      await services.stop();
      throw explainListenFailure(error, config);
    });
    logger.info({ address }, 'listening');
    const hurry = new AbortController();
    const stop = async (noticeMs: number) => {
      health.drain();
      await sleep(noticeMs, hurry.signal);
      await app.close();
      await services.stop();
      await store.close();
    };
    let stopped: Promise<void> | undefined;
    return {
      url: address,
      store,
      app,
      firstAdmin,
      stop(noticeMs = 0) {
        if (noticeMs === 0) hurry.abort();
        stopped ??= stop(noticeMs);
        return stopped;
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
