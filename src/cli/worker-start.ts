import path from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../kernel/config.ts';
import { createLogger } from '../kernel/logger.ts';
import { runUntilStopped, type Serving } from './run-until-stopped.ts';
import { type Session, withSession } from './session.ts';
import { listed, wholeNumber } from './values.ts';

interface StartOptions {
  readonly id?: string;
  readonly name?: string;
  readonly tags?: string[];
  readonly maxTasks?: number;
  readonly executors?: string[];
  readonly healthHost: string;
  readonly healthPort?: number;
  readonly drain: number;
  readonly logLevel?: string;
}

/**
 * Straight on the database where one is configured and no server is named; else over HTTP, to the server that commands
 * would speak to.
 */
async function transport(session: Session, config: Config) {
  if (config.server === undefined && config.databaseUrl !== undefined) {
    const { findMasterKey } = await import('../auth/master-key.ts');
    const { databaseUrl, directDatabaseUrl, warehouseUrl } = config;
    return { databaseUrl, directDatabaseUrl, warehouseUrl, masterKey: await findMasterKey(config) };
  }
  return session.target();
}

async function work(session: Session, config: Config, options: StartOptions): Promise<Serving> {
  // Loaded here, so that help and completion do without them.
  const [
    { startWorker },
    { schedulerExecutors },
    { datasyncExecutors },
    { openTranslator },
    { createOutbound },
    { Sandbox },
  ] = await Promise.all([
    import('../bin/worker.ts'),
    import('../areas/scheduler/executor/executors.ts'),
    import('../areas/datasync/executor/data-sync.ts'),
    import('../areas/datasync/executor/datasets/translator.ts'),
    import('../connections/outbound.ts'),
    import('../sandbox/sandbox.ts'),
  ]);
  const logger = createLogger(config.logLevel, 'worker');
  const sandbox = await Sandbox.create();
  const guard = { allowPrivate: config.allowPrivateAddresses };
  const outbound = createOutbound(guard);
  const exportDir = config.exportDir ?? path.join(config.dataDir, 'exports');
  const { translatorUrl, translatorApiKey } = config;
  const translator = await openTranslator({ url: translatorUrl, apiKey: translatorApiKey }, outbound);
  const close = async () => {
    await outbound.close();
    await sandbox.close();
  };
  const { healthHost: host, healthPort: port } = options;
  try {
    const { stop } = await startWorker({
      ...(await transport(session, config)),
      id: options.id,
      name: options.name,
      tags: options.tags,
      maxTasks: options.maxTasks,
      kinds: options.executors,
      health: port === undefined ? undefined : { host, port },
      logCapBytes: config.logCapBytes,
      killGraceSeconds: config.killGraceSeconds,
      executors: [
        ...schedulerExecutors({ sandbox, outbound, killGraceMs: config.killGraceSeconds * 1000 }),
        ...datasyncExecutors({ outbound, guard, exportDir, translator }),
      ],
      endScript: sandbox.endScript,
      logger,
    });
    if (!process.send) session.out.line('The worker is started; Ctrl-C drains it.');
    return {
      ready: {},
      async stop(orphaned) {
        await stop(orphaned ? 0 : options.drain * 1000);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export function addWorkerStart(worker: Command): void {
  worker
    .command('start')
    .description('be a worker: take runs and execute them, until stopped')
    .option('--id <id>', 'what it is known by; keeps what was set for it over restarts')
    .option('--name <name>', 'what it is called; its id unless told')
    .option('--tags <tags>', 'what it has, separated by commas: tasks with tags run where all of them are', listed)
    .option('--max-tasks <n>', 'runs at a time; 10 unless told', wholeNumber(1))
    .option('--executors <kinds>', 'take only these, separated by commas, such as shell,http', listed)
    .option('--drain <seconds>', 'at a stop: how long runs may take to end by themselves', wholeNumber(0), 10)
    .option('--health-port <n>', 'answer /health/live and /health/ready there', wholeNumber(0))
    .option('--health-host <address>', 'and there', '127.0.0.1')
    .option('--log-level <level>', 'trace, debug, info, warn or error (LONGSHORE_LOG_LEVEL; info)')
    .addHelpText(
      'after',
      '\nWith DATABASE_URL and the master key of the servers it works straight on the database; with --server and --token\n(a key with the permission "worker"), or beside a server on this machine, over HTTP.',
    )
    .action(
      withSession<StartOptions>(async (session, options) => {
        const config = session.config({ logLevel: options.logLevel });
        await runUntilStopped(() => work(session, config, options));
      }),
    );
}
