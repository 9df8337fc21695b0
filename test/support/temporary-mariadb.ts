import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { chown, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import mysql from 'mysql2/promise';
import { type Account, CHILD_ENVIRONMENT, credentials, run, serverAccount } from '../../src/store/embedded/account.ts';
import { atExit } from './at-exit.ts';
import { freePort } from './temporary-postgres.ts';

const SERVER = 'mariadbd';
const INSTALL = 'mariadb-install-db';
const READY = 'ready for connections';

/** Debian keeps servers where only root looks for programs. */
const ENVIRONMENT = { ...CHILD_ENVIRONMENT, PATH: `${CHILD_ENVIRONMENT.PATH}:/usr/sbin:/usr/local/sbin` };

/** Why tests of MariaDB cannot run here; undefined where they can. */
export const noMariadb: string | undefined = [SERVER, INSTALL]
  .filter((program) => spawnSync(program, ['--help'], { env: ENVIRONMENT, stdio: 'ignore' }).error !== undefined)
  .map((program) => `${program} is not installed`)[0];

interface Place {
  readonly directory: string;
  readonly port: number;
  readonly account: Account | undefined;
}

/** A MariaDB of its own in a temporary directory, which may be killed; whoever makes it removes it. */
export class TemporaryMariadb {
  readonly #place: Place;
  #process: ChildProcess | undefined;
  readonly #forget: () => void;

  private constructor(place: Place) {
    this.#place = place;
    this.#forget = atExit(() => this.#erase());
  }

  /** Started, and ready. @param options of the server, such as `--local-infile=OFF` */
  static async create(options: readonly string[] = []): Promise<TemporaryMariadb> {
    const directory = await mkdtemp(path.join(tmpdir(), 'longshore-mariadb-'));
    const account = await serverAccount(directory);
    if (account) await chown(directory, account.uid, account.gid);
    const mariadb = new TemporaryMariadb({ directory, port: await freePort(), account });
    const args = ['--no-defaults', `--datadir=${mariadb.#data}`, '--auth-root-authentication-method=normal'];
    const installed = await run(INSTALL, [...args, '--skip-test-db'], { account, cwd: directory });
    if (installed.code !== 0) throw new Error(`${INSTALL} failed: ${installed.stderr}`);
    await mariadb.start(options);
    return mariadb;
  }

  get port(): number {
    return this.#place.port;
  }

  get #data(): string {
    return path.join(this.#place.directory, 'data');
  }

  /** How its administrator signs in; the password is empty. */
  get login() {
    return { engine: 'mariadb', host: '127.0.0.1', port: this.port, username: 'root', ssl: 'off' } as const;
  }

  /** On the same port as before, if it does not run. */
  async start(options: readonly string[] = []): Promise<void> {
    if (this.#process) return;
    const { directory, port, account } = this.#place;
    // Its own folder for temporary tables: a server that starts clears away what it finds there.
    const settings = [
      `--datadir=${this.#data}`,
      `--tmpdir=${directory}`,
      `--socket=${path.join(directory, 'socket')}`,
      `--port=${port}`,
    ];
    const child = spawn(
      SERVER,
      [
        '--no-defaults',
        ...settings,
        '--bind-address=127.0.0.1',
        `--pid-file=${path.join(directory, 'pid')}`,
        ...options,
      ],
      { ...credentials(account), env: ENVIRONMENT, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = child;
    const said: string[] = [];
    const exited = once(child, 'exit').then(() => {
      throw new Error(`${SERVER} ended before it was ready: ${said.slice(-10).join('\n')}`);
    });
    const ready = new Promise<void>((resolve) => {
      createInterface(child.stderr).on('line', (line) => {
        said.push(line);
        if (line.includes(READY)) resolve();
      });
    });
    await Promise.race([ready, exited]);
  }

  /** As a loss of power would end it. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Makes a database of a new name, with a charset that takes any text. @returns its name */
  async createDatabase(): Promise<string> {
    const name = `longshore_${randomBytes(6).toString('hex')}`;
    await this.administer(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
    return name;
  }

  /** Runs statements on a connection of its own, one after the other. @returns the last one's rows */
  async administer(sql: string, database?: string): Promise<Record<string, unknown>[]> {
    const connection = await mysql.createConnection({
      host: '127.0.0.1',
      port: this.port,
      user: 'root',
      charset: 'utf8mb4',
      multipleStatements: true,
      ...(database === undefined ? {} : { database }),
    });
    try {
      const [rows] = await connection.query(sql);
      return rows as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  }

  /** Ends it and removes everything of it. */
  async remove(): Promise<void> {
    await this.kill();
    this.#erase();
    this.#forget();
  }

  #erase(): void {
    this.#process?.kill('SIGKILL');
    rmSync(this.#place.directory, { recursive: true, force: true });
  }
}
