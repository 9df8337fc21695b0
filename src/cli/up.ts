import { once } from 'node:events';
import { Command } from 'commander';
import { assertCanListen } from '../http/listening.ts';
import { sleep } from '../kernel/clock.ts';
import type { Config } from '../kernel/config.ts';
import { createLogger } from '../kernel/logger.ts';
import { Client } from './remote/client.ts';
import { readLocalKey, readLocalServer } from './remote/local.ts';
import { SampleSource } from './sample/source.ts';
import { runSample } from './sample.ts';
import { type Session, withSession } from './session.ts';
import { onStopSignal } from './stop-signals.ts';
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

/** @param source of the sample, where that is wanted */
async function welcome(
  session: Session,
  config: Config,
  server: Ready,
  source: SampleSource | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { out } = session;
  if (source && server.url !== undefined) {
    const client = new Client({ server: server.url, token: await readLocalKey(config.dataDir) });
    await runSample(out, client, source, signal);
  }
  const login = server.login ? [`  login     ${describeLogin(server.login)}`] : [];
  const lines = [`  console   ${server.url}`, ...login, `  data      ${config.dataDir}`, '  stop      Ctrl-C'];
  out.line(`\nLongshore is up.\n${lines.join('\n')}`);
}

/** How long the server of a supervisor that was killed may take to notice and end. */
const ORPHAN_ENDS_WITHIN_MS = 10_000;

/**
 * A port that somebody else holds is found before a database is made for nothing.
 * @throws UsageError that names the setting
 */
async function claimPort(config: Config, signal: AbortSignal): Promise<void> {
  const isOurs = (await readLocalServer(config.dataDir))?.url.endsWith(`:${config.port}`) ?? false;
  const deadline = performance.now() + (isOurs ? ORPHAN_ENDS_WITHIN_MS : 0);
  for (;;) {
    try {
      await assertCanListen(config);
      return;
    } catch (error) {
      if (signal.aborted || performance.now() >= deadline) throw error;
      await sleep(100, signal);
    }
  }
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
  const source = options.sample ? new SampleSource() : undefined;
  const stopping = new AbortController();
  let ended: Promise<void> | undefined;
  const off = onStopSignal((before) => {
    if (before > 0) {
      stack.hurry();
      return;
    }
    out.line('Stopping; once more Ctrl-C hurries it.');
    stopping.abort();
    // Also while it still starts: what a start waits for is then stopped, and the start fails.
    ended = stack.stop();
  });
  try {
    if (config.mode !== 'worker') await claimPort(config, stopping.signal);
    await stack.start();
    if (stack.server) await welcome(session, config, stack.server, source, stopping.signal);
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort');
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    await (ended ?? stack.stop());
    await source?.stop();
    await release();
    off();
  }
  out.line('Stopped.');
}

export function upCommand(): Command {
  return new Command('up')
    .option('--host <address>', 'where the server listens (LONGSHORE_HOST; 127.0.0.1)')
    .option('--port <n>', 'where the server listens (LONGSHORE_PORT; 8080; 0 = any free one)')
    .option('--log-level <level>', 'trace, debug, info, warn or error (LONGSHORE_LOG_LEVEL; info)')
    .option('--sample', 'where there is no task yet: load the sample workspace and run each part once')
    .option('-v, --verbose', 'show all log lines, not only warnings (as with --log-level debug)')
    .addHelpText('after', '\nLog lines are written for people; with -o json they stay JSON, for a log collector.')
    .action(withSession<UpOptions>((session, options) => supervise(session, options)));
}
