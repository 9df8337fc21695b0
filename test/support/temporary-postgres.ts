import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { chown, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { sleep } from '../../src/kernel/clock.ts';
import { type Account, CHILD_ENVIRONMENT, credentials, run, serverAccount } from '../../src/store/embedded/account.ts';
import { copyPlaces, findBinaries, packageDirectory } from '../../src/store/embedded/binaries.ts';
import { renderSettings, type ServerSettings } from '../../src/store/embedded/settings.ts';
import { atExit } from './at-exit.ts';

const DEBIAN = '/usr/lib/postgresql';
const START_PATIENCE_MS = 120_000;

interface Programs {
  readonly postgres: string;
  readonly initdb: string;
}

/** The newest of Debian's packages, else the binaries that Longshore brings along. */
async function findPrograms(account: Account | undefined, scratch: string): Promise<Programs> {
  const versions = existsSync(DEBIAN) ? await readdir(DEBIAN) : [];
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    const bin = path.join(DEBIAN, version, 'bin');
    const programs = { postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb') };
    if (existsSync(programs.postgres) && existsSync(programs.initdb)) return programs;
  }
  return findBinaries({ account, source: packageDirectory(), copies: copyPlaces(scratch, account) });
}

/** Below those that systems give to whoever asks for any, so that nobody is given it while its server is away. */
const PORTS = [16_384, 32_767] as const;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(...PORTS);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error;
        return false;
      },
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

interface Place {
  readonly programs: Programs;
  readonly account: Account | undefined;
  readonly directory: string;
  readonly port: number;
}

/**
 * A PostgreSQL cluster of its own in a temporary directory, as durable as PostgreSQL is by default: it may be killed
 * and measured. Reached over TCP, so that a proxy can stand before it.
 */
export class TemporaryPostgres {
  readonly #place: Place;
  #postmaster: ChildProcess | undefined;
  readonly #forget: () => void;

  private constructor(place: Place) {
    this.#place = place;
    this.#forget = atExit(() => {
      this.#postmaster?.kill('SIGKILL');
      rmSync(place.directory, { recursive: true, force: true });
    });
  }

  /** Makes the cluster; `start` is yet to be called. */
  static async create(): Promise<TemporaryPostgres> {
    const directory = await mkdtemp(path.join(tmpdir(), 'longshore-cluster-'));
    const account = await serverAccount(directory);
    const programs = await findPrograms(account, directory);
    if (account) await chown(directory, account.uid, account.gid);
    const data = path.join(directory, 'data');
    const cluster = new TemporaryPostgres({ programs, account, directory, port: await freePort() });
    const args = [`--pgdata=${data}`, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'];
    const { code, stderr } = await run(programs.initdb, args, { account, cwd: directory });
    if (code !== 0) throw new Error(`initdb failed: ${stderr}`);
    return cluster;
  }

  get port(): number {
    return this.#place.port;
  }

  /** The postmaster's process id while it runs. */
  get pid(): number | undefined {
    return this.#postmaster?.pid;
  }

  url(database = 'postgres', port = this.port): string {
    return `postgresql://postgres@127.0.0.1:${port}/${database}`;
  }

  /**
   * Starts the server and waits until it accepts connections, through recovery if it was killed.
   * @param settings over PostgreSQL's own defaults, by their names
   */
  async start(settings: ServerSettings = {}): Promise<void> {
    const { directory, port } = this.#place;
    const config = renderSettings({
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      timezone: 'UTC',
      ...settings,
    });
    await writeFile(path.join(directory, 'data', 'postgresql.auto.conf'), config);
    const until = Date.now() + START_PATIENCE_MS;
    // What a killed postmaster has left (its children, their shared memory) goes by itself, and refuses us until then.
    while (!(await this.#launch())) {
      if (Date.now() > until) throw new Error(`PostgreSQL did not start: ${await this.log()}`);
      await sleep(100);
    }
  }

  /** @returns false when it ended again */
  async #launch(): Promise<boolean> {
    const { programs, directory, account } = this.#place;
    const log = await open(path.join(directory, 'log'), 'a');
    const child = spawn(programs.postgres, ['-D', path.join(directory, 'data')], {
      cwd: directory,
      env: CHILD_ENVIRONMENT,
      ...credentials(account),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = once(child, 'exit').then(() => 'exited' as const);
    await once(child, 'spawn');
    await log.close();
    this.#postmaster = child;
    for (;;) {
      const ready = await Promise.race([exited, this.#accepts()]);
      if (ready === 'exited') {
        this.#postmaster = undefined;
        return false;
      }
      if (ready) return true;
      await sleep(50);
    }
  }

  async #accepts(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url(), connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Starts it anew with other settings. */
  async restart(settings: ServerSettings = {}): Promise<void> {
    await this.stop();
    await this.start(settings);
  }

  /** As a loss of power would end it. Resolves when the postmaster is gone; its children follow by themselves. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it in order, without waiting for clients. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#postmaster;
    if (!child) return;
    this.#postmaster = undefined;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** What the server has said. */
  log(): Promise<string> {
    return readFile(path.join(this.#place.directory, 'log'), 'utf8');
  }

  /** Stops it and removes everything of it. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#place.directory, { recursive: true, force: true });
    this.#forget();
  }

  /** Makes a database, dropping one of the same name. @returns its URL */
  async createDatabase(name: string): Promise<string> {
    await this.administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await this.administer(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  async dropDatabase(name: string): Promise<void> {
    await this.administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }

  /** Runs one statement on a connection of its own. */
  async administer(sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }
}
