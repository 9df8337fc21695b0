import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { atExit } from '../../test/support/at-exit.ts';
import { freePort } from '../../test/support/temporary-postgres.ts';

const PROGRAM = '/usr/bin/redis-server';

export interface RedisServer {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** Why there is no Redis to measure with, or undefined. */
export function redisMissing(): string | undefined {
  return existsSync(PROGRAM) ? undefined : 'redis-server is not installed';
}

/** A Redis in a temporary directory, with its append-only file written out every second: what BullMQ advises. */
export async function startRedis(): Promise<RedisServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'longshore-redis-'));
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir: directory, appendonly: 'yes', appendfsync: 'everysec', save: '' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(PROGRAM, args, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  const forget = atExit(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  // The client tries again until the server listens.
  const client = new Redis(port, '127.0.0.1');
  client.on('error', () => undefined);
  const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown';
  client.disconnect();
  return {
    url: `redis://127.0.0.1:${port}`,
    version,
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await rm(directory, { recursive: true, force: true });
      forget();
    },
  };
}
