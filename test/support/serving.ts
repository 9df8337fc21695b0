import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readLocalKey, readLocalServer } from '../../src/cli/remote/local.ts';
import { afterFile } from './cleanup.ts';
import type { Longshore } from './longshore.ts';

/** A `longshore up` or `longshore server` that serves, as processes of its own. */
export interface Serving {
  readonly process: ChildProcessWithoutNullStreams;
  readonly dataDir: string;
  readonly url: string;
  /** The key that it keeps for the commands of its machine: the admin's. */
  readonly token: string;
  /** All that it has printed so far. */
  output(): string;
  /** Ends it in order, and waits until it has. */
  stop(): Promise<void>;
}

/** A folder below the system's temporary one, removed after the file's last test. */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), `longshore-${name}-`));
  afterFile(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Resolves when `stream`'s process has printed `text`. @throws when it ends before */
async function printed(child: ChildProcessWithoutNullStreams, output: () => string, text: string): Promise<void> {
  const ended = once(child, 'exit');
  while (!output().includes(text)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`ended before it served:\n${output()}`);
    await Promise.race([once(child.stdout, 'data'), ended]);
  }
}

/**
 * Starts `longshore up` or `longshore server` on a port that the system chooses; it is stopped after the file's last
 * test, if it still runs.
 * @param dataDir made if absent
 */
export async function startServing(
  longshore: Longshore,
  command: 'up' | 'server',
  dataDir: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Serving> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const child = longshore.start([command, '--port', '0', '--data-dir', dataDir, '--log-level', 'warn'], {
    // Tests call as fast as they can.
    LONGSHORE_RATE_LIMIT_PER_MINUTE: '1000000',
    ...env,
  });
  let said = '';
  const collect = (text: string) => {
    said += text;
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  afterFile(stop);
  await printed(child, () => said, command === 'up' ? 'Longshore is up' : 'Longshore listens on');
  const server = await readLocalServer(dataDir);
  const token = await readLocalKey(dataDir);
  if (!server || token === undefined) throw new Error(`it serves, but left no address or key:\n${said}`);
  return { process: child, dataDir, url: server.url, token, output: () => said, stop };
}

/**
 * Asks again and again, each time a little later, until there is an answer; what is asked may throw while the asked is
 * away. The test's own time is the limit.
 */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 1.3, 250)) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await pause(waitMs);
  }
}
