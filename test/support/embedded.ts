import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach } from 'vitest';
import type { Account } from '../../src/store/embedded/account.ts';
import { runningPostmaster } from '../../src/store/embedded/postmaster.ts';

export const isRoot = process.getuid?.() === 0;
/** An ordinary user, as which a test that runs as root starts something. */
export const NOBODY: Account = { name: 'nobody', uid: 65_534, gid: 65_534 };

/** A data directory that is removed after the test, with the server that runs on it. */
export async function temporaryDataDir(owner?: Account): Promise<string> {
  const directory = await realpath(await mkdtemp(path.join(tmpdir(), 'longshore-pg-')));
  if (owner) await chown(directory, owner.uid, owner.gid);
  afterEachOnce(async () => {
    await (await runningPostmaster(path.join(directory, 'postgres')))?.shutDown();
    await rm(directory, { recursive: true, force: true });
  });
  return directory;
}

const cleanups: (() => Promise<void>)[] = [];

/** Runs `cleanup` when the present test is over, the latest first. */
export function afterEachOnce(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) await cleanup();
});

export interface Owner {
  readonly child: ChildProcess;
  readonly answer: { url?: string; pid?: number; error?: string; message?: string };
  /** Lets go of the server, and waits until the process has ended. */
  close(): Promise<void>;
}

/** Starts an embedded PostgreSQL in a process of its own. */
export async function startOwner(dataDir: string, account?: Account): Promise<Owner> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/embedded-owner.ts', dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const ended = once(child, 'close');
  afterEachOnce(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  for await (const line of createInterface(child.stdout)) {
    const close = async () => {
      child.stdin.end();
      child.stdout.resume();
      await ended;
    };
    return { child, answer: JSON.parse(line), close };
  }
  throw new Error('the process ended without a word');
}

/** Runs one statement on a connection of its own. */
export async function queryOnce(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A promise and what settles it, for waiting on a callback. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
