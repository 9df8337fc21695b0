import { Command, Option } from 'commander';
import type { Config } from '../kernel/config.ts';
import { createLogger } from '../kernel/logger.ts';
import { announceServer, withdrawServer } from './remote/local.ts';
import { ensureLocalKey } from './remote/local-key.ts';
import { runUntilStopped, type Serving } from './run-until-stopped.ts';
import { type Session, withSession } from './session.ts';
import { describeLogin, type GeneratedLogin } from './supervisor/ready.ts';
import { wholeNumber } from './values.ts';

interface ServerOptions {
  readonly host?: string;
  readonly port?: string;
  readonly logLevel?: string;
  readonly notice: number;
  readonly embeddedDatabase?: boolean;
}

async function serve(session: Session, config: Config, options: ServerOptions): Promise<Serving> {
  // Loaded here, so that help and completion do without the whole server.
  const { startServer } = await import('../bin/server.ts');
  const logger = createLogger(config.logLevel, 'server');
  const { url, store, firstAdmin, stop } = await startServer({
    config,
    logger,
    embeddedDatabase: options.embeddedDatabase ?? false,
  });
  await ensureLocalKey(store, config.dataDir);
  await announceServer(config.dataDir, url);
  const login: GeneratedLogin | undefined =
    firstAdmin.created && firstAdmin.generated ? { username: firstAdmin.username, ...firstAdmin.generated } : undefined;
  // Below a supervisor it is the supervisor that speaks.
  if (!process.send) {
    session.out.line(`Longshore listens on ${url}`);
    if (login) session.out.line(`Sign in as ${describeLogin(login)}`);
  }
  return {
    ready: { url, ...(login ? { login } : {}) },
    async stop(orphaned) {
      await stop(orphaned ? 0 : options.notice * 1000);
      // Not before: whoever starts next reads from it that it is we who still hold the port.
      await withdrawServer(config.dataDir);
    },
  };
}

export function serverCommand(): Command {
  return new Command('server')
    .option('--host <address>', 'where it listens (LONGSHORE_HOST; 127.0.0.1)')
    .option('--port <n>', 'where it listens (LONGSHORE_PORT; 8080; 0 = any free one)')
    .option('--log-level <level>', 'trace, debug, info, warn or error (LONGSHORE_LOG_LEVEL; info)')
    .option(
      '--notice <seconds>',
      'at a stop: how long to serve on while /health/ready already says no',
      wholeNumber(0),
      0,
    )
    .addOption(new Option('--embedded-database', 'the database is our own').hideHelp())
    .addHelpText('after', '\nIt needs DATABASE_URL; "longshore up" brings its own database.')
    .action(
      withSession<ServerOptions>(async (session, options) => {
        const { host, port, logLevel } = options;
        const config = session.config({ host, port, logLevel });
        await runUntilStopped(() => serve(session, config, options));
      }),
    );
}
