import { once } from 'node:events';
import { Command } from 'commander';
import type { Config } from '../kernel/config.ts';
import { createLogger } from '../kernel/logger.ts';
import { Client } from './remote/client.ts';
import { readLocalKey } from './remote/local.ts';
import { printSample, runSample } from './sample.ts';
import { type Session, withSession } from './session.ts';
import { lockDataDir } from './supervisor/lock.ts';
import { logView } from './supervisor/log-view.ts';
import { describeLogin, type Ready } from './supervisor/ready.ts';
import { Stack } from './supervisor/stack.ts';

interface UpOptions {
  readonly host?: string;
  readonly port?: string;
  readonly logLevel?: string;
  readonly sample?: boolean;
  readonly verbose?: boolean;
}

async function welcome(session: Session, config: Config, server: Ready, sample: boolean, signal: AbortSignal) {
  const { out } = session;
  if (sample && server.url !== undefined) {
    const client = new Client({ server: server.url, token: await readLocalKey(config.dataDir) });
    out.line('Running the sample workspace…');
    printSample(out, await runSample(client, signal));
  }
  const login = server.login ? [`  login     ${describeLogin(server.login)}`] : [];
  const lines = [`  console   ${server.url}`, ...login, `  data      ${config.dataDir}`, '  stop      Ctrl-C'];
  out.line(`\nLongshore is up.\n${lines.join('\n')}`);
}

/**
 * Starts everything, keeps it running, and ends it in order: at a signal, or when the start or the sample fails. A
 * second signal hurries.
 */
async function supervise(session: Session, options: UpOptions): Promise<void> {
  const { out } = session;
  const { host, port, logLevel } = options;
  const config = session.config({ host, port, logLevel });
  const release = await lockDataDir(config.dataDir);
  const talkative = options.verbose || config.logLevel === 'debug' || config.logLevel === 'trace';
  const view = out.format === 'table' ? logView(out, talkative) : undefined;
  const stack = new Stack({
    config,
    configFile: session.options.config,
    logger: createLogger(config.logLevel, 'supervisor', view && { write: (line) => view(line.trimEnd()) }),
    report: (text) => out.line(text),
    onErrorLine: view,
  });
  const stopping = new AbortController();
  let ended: Promise<void> | undefined;
  const onSignal = () => {
    if (stopping.signal.aborted) {
      stack.hurry();
      return;
    }
    out.line('Stopping; once more Ctrl-C hurries it.');
    stopping.abort();
    // Also while it still starts: what a start waits for is then stopped, and the start fails.
    ended = stack.stop();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    await stack.start();
    if (stack.server) await welcome(session, config, stack.server, options.sample ?? false, stopping.signal);
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    await (ended ?? stack.stop());
    await release();
    for (const signal of signals) process.off(signal, onSignal);
  }
  out.line('Stopped.');
}

export function upCommand(): Command {
  return new Command('up')
    .option('--host <address>', 'where the server listens (LONGSHORE_HOST; 127.0.0.1)')
    .option('--port <n>', 'where the server listens (LONGSHORE_PORT; 8080; 0 = any free one)')
    .option('--log-level <level>', 'trace, debug, info, warn or error (LONGSHORE_LOG_LEVEL; info)')
    .option('--sample', 'where there is no task yet: load the sample tasks and run each once')
    .option('-v, --verbose', 'show all log lines, not only warnings (as with --log-level debug)')
    .addHelpText('after', '\nLog lines are written for people; with -o json they stay JSON, for a log collector.')
    .action(withSession<UpOptions>((session, options) => supervise(session, options)));
}
