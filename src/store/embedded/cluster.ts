import { createHmac, randomBytes } from 'node:crypto';
import { chmod, chown, lchown, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../kernel/errors.ts';
import { randomText } from '../../kernel/ids.ts';
import { type Account, type Finished, run } from './account.ts';
import type { Binaries } from './binaries.ts';
import { renderSettings, type ServerSettings } from './settings.ts';

/** The database that Longshore works in, and the role that owns it and is no superuser. */
export const DATABASE = 'longshore';
export const APPLICATION_ROLE = 'longshore';
/** The superuser, for our own upkeep alone. */
export const ADMIN_ROLE = 'postgres';

/** A staging directory older than this was left by an initdb that was killed. */
const ABANDONED_MS = 3600_000;

/** The places in a data directory. */
export interface Layout {
  readonly dataDir: string;
  readonly cluster: string;
  readonly secret: string;
  readonly log: string;
}

export function layoutOf(dataDir: string): Layout {
  const root = path.resolve(dataDir);
  return {
    dataDir: root,
    cluster: path.join(root, 'postgres'),
    secret: path.join(root, 'postgres.secret'),
    log: path.join(root, 'postgres.log'),
  };
}

/**
 * Makes the data directory, private to us.
 * @throws UsageError for one that is shared with others, such as /tmp itself: making it private would lock them out
 */
export async function prepareDataDir({ dataDir }: Layout): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { mode } = await stat(dataDir);
  if (mode & 0o1002) {
    throw new UsageError(`LONGSHORE_DATA_DIR: others may write to ${dataDir}; name a folder of Longshore's own.`);
  }
  if ((mode & 0o777) !== 0o700) await chmod(dataDir, 0o700);
}

export interface Passwords {
  readonly admin: string;
  readonly application: string;
}

/**
 * The roles' passwords, both derived from one secret in the data directory (made at the first call, 0600), so that
 * whoever has the application's, which stands in the URL, has not the superuser's.
 */
export async function passwordsOf({ secret }: Layout): Promise<Passwords> {
  const read = () => readFile(secret, 'utf8');
  const key = await read().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    // Linked into place when it is whole: two first starts at once agree on one.
    const fresh = `${secret}.${randomBytes(4).toString('hex')}`;
    await writePrivate(fresh, `${randomText(43)}\n`, undefined);
    try {
      await link(fresh, secret);
    } catch (linkError) {
      if ((linkError as NodeJS.ErrnoException).code !== 'EEXIST') throw linkError;
    } finally {
      await rm(fresh, { force: true });
    }
    return read();
  });
  const derive = (role: string) => createHmac('sha256', key.trim()).update(role).digest('hex');
  return { admin: derive(ADMIN_ROLE), application: derive(APPLICATION_ROLE) };
}

/** Creates `file`, which must not exist: as root in another user's directory, an existing one may be a trap. */
async function writePrivate(file: string, text: string, owner: Account | undefined): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    if (owner) await handle.chown(owner.uid, owner.gid);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function replaceFile(file: string, text: string, owner: Account | undefined): Promise<void> {
  const fresh = `${file}.${randomBytes(4).toString('hex')}`;
  await writePrivate(fresh, text, owner);
  await rename(fresh, file);
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Runs the programs of one PostgreSQL version, as one user, on one cluster directory. */
export class Cluster {
  readonly #layout: Layout;
  readonly #binaries: Binaries;
  readonly #account: Account | undefined;

  constructor(layout: Layout, binaries: Binaries, account: Account | undefined) {
    this.#layout = layout;
    this.#binaries = binaries;
    this.#account = account;
  }

  /**
   * Creates the cluster if there is none, aside and renamed into place, so that it is whole or absent whenever we are
   * killed and however many start at once.
   * @throws UsageError for a cluster of another major version
   */
  async ensure(): Promise<void> {
    const { cluster, dataDir } = this.#layout;
    const version = await this.#majorVersion();
    if (version !== undefined) return this.#accept(version);
    await this.#removeAbandoned();
    const staging = `${cluster}.new-${randomBytes(4).toString('hex')}`;
    await mkdir(staging, { mode: 0o700 });
    try {
      if (this.#account) await chown(staging, this.#account.uid, this.#account.gid);
      await this.#initialise(staging);
      await syncDirectory(dataDir);
      await rename(staging, cluster);
      await syncDirectory(dataDir);
    } catch (error) {
      // Another start was faster, with the same secret.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  async #majorVersion(): Promise<number | undefined> {
    try {
      return Number.parseInt(await readFile(path.join(this.#layout.cluster, 'PG_VERSION'), 'utf8'), 10);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #accept(version: number): Promise<void> {
    const { cluster } = this.#layout;
    if (version !== this.#binaries.major) {
      throw new UsageError(
        `LONGSHORE_DATA_DIR: ${cluster} was made by PostgreSQL ${version}, and this Longshore brings ${this.#binaries.major}. With the Longshore that made it, run "longshore db backup"; then move the folder away and run "longshore db restore" with this one.`,
      );
    }
    // Given to root as a whole, for instance by chown -R: the server, which cannot be root, needs its part back.
    if (this.#account && (await stat(cluster)).uid === 0) await giveTo(cluster, this.#account);
  }

  async #initialise(directory: string): Promise<void> {
    const result = await run(
      this.#binaries.initdb,
      [
        ...['-D', this.#pathForServer(directory), '-U', ADMIN_ROLE, '--encoding=UTF8'],
        // The built-in provider sorts by code point and knows Unicode's letters, the same on every machine: an update
        // of the system's C library, or a machine without that locale, never changes an index's order.
        ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--data-checksums'],
        // Nobody gets in until the passwords are set, which happens without a server and without a file.
        ...['--auth=reject', '--no-instructions'],
      ],
      { account: this.#account, cwd: directory },
    );
    if (result.code !== 0) throw new Error(`initdb failed: ${result.stderr}`);
    const passwords = await passwordsOf(this.#layout);
    await this.#singleUser(directory, [
      `ALTER ROLE ${ADMIN_ROLE} PASSWORD '${passwords.admin}'`,
      // CREATEDB: restoring and testing make databases of their own. CREATEROLE: workers sign in to the warehouse under
      // a role that sees nothing else. Nothing of the product needs a superuser.
      `CREATE ROLE ${APPLICATION_ROLE} LOGIN CREATEDB CREATEROLE PASSWORD '${passwords.application}'`,
      `CREATE DATABASE ${DATABASE} OWNER ${APPLICATION_ROLE}`,
    ]);
    await replaceFile(path.join(directory, 'pg_hba.conf'), 'local all all scram-sha-256\n', this.#account);
  }

  /** Sets the passwords anew, on a cluster that no server runs on, after the secret was lost. */
  async resetPasswords(): Promise<void> {
    const passwords = await passwordsOf(this.#layout);
    await this.#singleUser(this.#layout.cluster, [
      `ALTER ROLE ${ADMIN_ROLE} PASSWORD '${passwords.admin}'`,
      `ALTER ROLE ${APPLICATION_ROLE} PASSWORD '${passwords.application}'`,
    ]);
  }

  async #singleUser(directory: string, statements: readonly string[]): Promise<void> {
    const result: Finished = await run(
      this.#binaries.postgres,
      // The statements hold passwords: not even the failing one is repeated in what the server says.
      ['--single', '-c', 'log_min_error_statement=panic', '-D', this.#pathForServer(directory), 'postgres'],
      { account: this.#account, cwd: directory, stdin: statements.map((statement) => `${statement};\n`).join('') },
    );
    if (result.code !== 0 || /(ERROR|FATAL|PANIC):/.test(result.stderr)) {
      throw new Error(`PostgreSQL in single-user mode failed: ${result.stderr}`);
    }
  }

  /** Writes postgresql.conf. */
  async configure(settings: ServerSettings): Promise<void> {
    await replaceFile(path.join(this.#layout.cluster, 'postgresql.conf'), renderSettings(settings), this.#account);
  }

  /** The server's command line. What keeps it private goes over every file. */
  get serverCommand(): readonly [file: string, ...args: string[]] {
    const fixed = ['listen_addresses=', 'unix_socket_directories=.', 'unix_socket_permissions=0700', 'port=5432'];
    return [
      this.#binaries.postgres,
      '-D',
      this.#pathForServer(this.#layout.cluster),
      ...fixed.flatMap((setting) => ['-c', setting]),
    ];
  }

  /**
   * As another user, the server may be unable to walk to its directory: it may lie below one that only root may enter.
   * But its working directory is set before it becomes that user, and this name of it needs no walk. PostgreSQL stays
   * there all its life.
   */
  #pathForServer(directory: string): string {
    return this.#account ? '/proc/self/cwd' : directory;
  }

  async #removeAbandoned(): Promise<void> {
    const { cluster, dataDir } = this.#layout;
    for (const name of await readdir(dataDir)) {
      if (!name.startsWith(`${path.basename(cluster)}.new-`)) continue;
      const directory = path.join(dataDir, name);
      const found = await stat(directory).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(directory, { recursive: true, force: true });
    }
  }
}

async function giveTo(directory: string, { uid, gid }: Account): Promise<void> {
  for (const name of await readdir(directory, { recursive: true })) await lchown(path.join(directory, name), uid, gid);
  // Last: its owner tells whether all of it was given.
  await chown(directory, uid, gid);
}
