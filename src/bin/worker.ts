import { hostname } from 'node:os';
import { assertMasterKeyIsServers } from '../auth/master-key.ts';
import { PostgresPort } from '../engine/postgres-port.ts';
import { UsageError } from '../kernel/errors.ts';
import { randomText } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { packageVersion } from '../kernel/package.ts';
import { type Service, ServiceGroup } from '../kernel/service.ts';
import type { Executor } from '../protocol/executor.ts';
import type { WorkerPort } from '../protocol/worker.ts';
import type { EndScript } from '../sandbox/dead-man.ts';
import { Listener } from '../store/listener.ts';
import { Store } from '../store/store.ts';
import { WorkerHealth } from '../worker/health.ts';
import { HttpPort } from '../worker/http-port.ts';
import { allowed } from '../worker/registry.ts';
import { Worker } from '../worker/worker.ts';
import { startHeartbeatThread } from './heartbeat.ts';
import type { PortAddress } from './heartbeat-thread.ts';
import { openVault, specResolver, warehouseSettings } from './vault.ts';

export interface WorkerSettings {
  /** Straight on PostgreSQL; or, with `server` and `token`, over HTTP. */
  readonly databaseUrl?: string | undefined;
  readonly directDatabaseUrl?: string | undefined;
  /** Where synced tables lie, when not in that database. */
  readonly warehouseUrl?: string | undefined;
  /** The servers' master key: whoever leases from the database opens the secrets of what it leases. */
  readonly masterKey?: Buffer | undefined;
  readonly server?: string | undefined;
  /** An API key with the permission `worker`. */
  readonly token?: string | undefined;
  /** Stays the same over restarts if what an operator sets for this worker is to stay too. */
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly maxTasks?: number | undefined;
  /** The kinds that it may run; all, unless told. */
  readonly kinds?: readonly string[] | undefined;
  readonly health?: { readonly host: string; readonly port: number } | undefined;
  readonly logCapBytes: number;
  /** What the executors give runs between SIGTERM and SIGKILL. */
  readonly killGraceSeconds?: number | undefined;
  readonly executors: readonly Executor[];
  /** Ends what the executors have started as child processes, from outside (see dead-man.ts). */
  readonly endScript?: EndScript | undefined;
  readonly logger: Logger;
}

export interface RunningWorker {
  readonly worker: Worker;
  /** Drains: leases nothing more, lets what runs end within the patience, gives the rest back. */
  stop(patienceMs: number): Promise<void>;
}

const DEFAULT_MAX_TASKS = 10;
/** One each for leasing, reporting, updating and watching, and one to spare. */
const POOL_SIZE = 5;

interface Transport {
  readonly address: PortAddress;
  readonly port: WorkerPort;
  readonly services: readonly Service[];
  close(): Promise<void>;
}

async function openTransport(settings: WorkerSettings, workerId: string): Promise<Transport> {
  const { server, token, databaseUrl: url } = settings;
  if (server !== undefined) {
    if (token === undefined) throw new UsageError('--token: a worker needs an API key with the permission "worker".');
    const port = new HttpPort({ server, token, workerId });
    return { address: { type: 'http', server, token, workerId }, port, services: [], close: () => port.close() };
  }
  if (url === undefined) {
    throw new UsageError('DATABASE_URL: a worker needs a database, or --server and --token to work over HTTP.');
  }
  return openDatabase(settings, url);
}

async function openDatabase(settings: WorkerSettings, url: string): Promise<Transport> {
  const { masterKey, logger } = settings;
  if (masterKey === undefined) {
    throw new UsageError(
      "LONGSHORE_MASTER_KEY: a worker on the database opens secrets with it; give it the servers', or LONGSHORE_DATA_DIR with their master.key, or --server and --token to work over HTTP.",
    );
  }
  const store = new Store({ url, poolSize: POOL_SIZE, logger, applicationName: 'longshore worker' });
  try {
    await checkMasterKey(store, masterKey, logger);
  } catch (error) {
    await store.close();
    throw error;
  }
  const directUrl = settings.directDatabaseUrl ?? url;
  const listener = new Listener({ url: directUrl, logger });
  const warehouse = warehouseSettings(masterKey, { warehouseUrl: settings.warehouseUrl, directUrl });
  const vault = openVault({ store, masterKey, logger, warehouse });
  const port = new PostgresPort({ store, listener, logger, resolveSpecs: specResolver(store, vault) });
  // Past the pooler: heartbeats must not queue behind the work that they keep alive.
  return { address: { type: 'postgres', url: directUrl }, port, services: [listener], close: () => store.close() };
}

/**
 * A database that is away, or that no server has prepared yet, is no reason not to start: the worker joins when it can.
 * With another key, runs with secrets then fail and say so.
 */
async function checkMasterKey(store: Store, masterKey: Buffer, logger: Logger): Promise<void> {
  try {
    await assertMasterKeyIsServers(store, masterKey);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    logger.warn({ err: error }, 'the master key cannot be held against the database yet');
  }
}

/** The wiring of a worker process. @throws UsageError for settings that cannot work */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { logger, health } = settings;
  const executors = allowed(settings.executors, settings.kinds);
  const id = settings.id ?? `${hostname()}-${randomText(6)}`;
  const transport = await openTransport(settings, id);
  const worker = new Worker({
    identity: {
      id,
      name: settings.name ?? id,
      tags: settings.tags ?? [],
      maxTasks: settings.maxTasks ?? DEFAULT_MAX_TASKS,
      hostname: hostname(),
      version: packageVersion,
    },
    port: transport.port,
    executors,
    logger,
    logCapBytes: settings.logCapBytes,
    killGraceSeconds: settings.killGraceSeconds,
    startHeartbeat: (session, handlers) =>
      startHeartbeatThread(transport.address, logger, session, handlers, settings.endScript),
  });
  const probes = health ? [new WorkerHealth(worker, health.host, health.port)] : [];
  const services = new ServiceGroup('worker process', [...transport.services, ...probes]);
  await services.start();
  await worker.start();
  return {
    worker,
    async stop(patienceMs) {
      await worker.stop(patienceMs);
      await services.stop();
      await transport.close();
    },
  };
}
