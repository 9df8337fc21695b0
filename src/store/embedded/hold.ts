import pg from 'pg';
import { sleep } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { ADMIN_ROLE } from './cluster.ts';
import type { Postmaster } from './postmaster.ts';

/** How long a server that says it is ready may leave connections unanswered. */
const PATIENCE_MS = 10_000;
const POLL_MS = 25;
/** Ours alone in the database `postgres`, where nobody else takes advisory locks. */
const LOCK_KEY = 7_165_208;

/** Where and as whom the superuser connects. */
export interface Access {
  /** The directory of the server's socket. */
  readonly directory: string;
  readonly password: string;
}

/**
 * Why there is no connection: the process has ended; it knows another password than we do; or it lives and claims to
 * be ready, but nobody answers at its socket.
 */
export type Refusal = 'gone' | 'stranger' | 'mute';

async function openOwner({ directory, password }: Access): Promise<pg.Client> {
  const client = new pg.Client({
    ...{ host: directory, port: 5432, user: ADMIN_ROLE, password, database: 'postgres', ssl: false },
    application_name: 'longshore owner',
    connectionTimeoutMillis: 5_000,
  });
  // Its end is what counts, and is reported as such.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Waits while another owner is shutting the server down, and then fails with it.
    await client.query('SELECT pg_advisory_lock_shared($1)', [LOCK_KEY]);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function tryOwner(access: Access): Promise<pg.Client | 'stranger' | Error> {
  try {
    return await openOwner(access);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    return code === '28P01' || code === '28000' ? 'stranger' : (error as Error);
  }
}

/**
 * Connects as an owner, for as long as the server lives and is getting ready: crash recovery may take minutes.
 * @param signal ends the waiting; the answer is then `gone`
 * @throws what the server answers, if it goes on refusing for another reason than that it is not ready
 */
export async function connectOwner(
  postmaster: Postmaster,
  access: Access,
  signal: AbortSignal,
): Promise<pg.Client | Refusal> {
  let since = Date.now();
  while (!signal.aborted) {
    // Asked first: each refused connection would be a line in the server's log.
    if (await postmaster.saysReady()) {
      const answer = await tryOwner(access);
      if (answer instanceof pg.Client || answer === 'stranger') return answer;
      if (Date.now() - since > PATIENCE_MS) {
        if (answer instanceof pg.DatabaseError) throw answer;
        return 'mute';
      }
    } else {
      since = Date.now();
    }
    if (!(await postmaster.isAlive())) return 'gone';
    await sleep(POLL_MS, signal);
  }
  return 'gone';
}

interface HoldOptions {
  readonly postmaster: Postmaster;
  readonly access: Access;
  readonly logger: Logger;
  readonly client: pg.Client;
  /** Called once, when the server has ended without our doing. */
  onExit(): void;
}

/**
 * A share in a running server. Any number of processes may hold one (`up`, and a command beside it), each by a
 * connection with a shared advisory lock, which ends with the process however that ends. Whoever lets go and then gets
 * the lock for itself was the last, and shuts the server down; who comes in between waits for the lock, is thrown out
 * with the server, and starts it again.
 */
export class Hold {
  readonly #options: HoldOptions;
  readonly #releasing = new AbortController();
  #client: pg.Client | undefined;
  #reconnecting: Promise<void> = Promise.resolve();

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#keep(options.client);
  }

  get pid(): number {
    return this.#options.postmaster.pid;
  }

  /**
   * Lets go; shuts the server down, and waits for its end, unless others hold it too.
   * @returns whether it has ended
   */
  async release(): Promise<boolean> {
    this.#releasing.abort();
    await this.#reconnecting;
    const client = this.#client;
    this.#client = undefined;
    try {
      if (client && !(await isLast(client))) {
        this.#options.logger.info({ postgresPid: this.pid }, 'PostgreSQL stays up: another process uses it');
        return false;
      }
      await this.#options.postmaster.shutDown();
      this.#options.logger.info({ postgresPid: this.pid }, 'PostgreSQL shut down');
      return true;
    } finally {
      await client?.end().catch(() => undefined);
    }
  }

  #keep(client: pg.Client): void {
    this.#client = client;
    client.once('end', () => {
      if (this.#client !== client || this.#releasing.signal.aborted) return;
      this.#client = undefined;
      this.#reconnecting = this.#reconnect();
    });
  }

  /** A crash of one server process costs every connection, but not the server: it recovers by itself. */
  async #reconnect(): Promise<void> {
    const { postmaster, access, logger, onExit } = this.#options;
    try {
      const client = await connectOwner(postmaster, access, this.#releasing.signal);
      if (client instanceof pg.Client) {
        logger.warn({ postgresPid: this.pid }, 'PostgreSQL dropped all connections and recovered; see its log');
        return this.#keep(client);
      }
    } catch (error) {
      logger.error({ err: error }, 'PostgreSQL refuses its owner');
    }
    if (!this.#releasing.signal.aborted) onExit();
  }
}

/** Whether nobody else holds the server. If so, the lock is ours, and nobody can take hold of it any more. */
async function isLast(client: pg.Client): Promise<boolean> {
  try {
    await client.query('SELECT pg_advisory_unlock_shared($1)', [LOCK_KEY]);
    const { rows } = await client.query<{ last: boolean }>('SELECT pg_try_advisory_lock($1) AS last', [LOCK_KEY]);
    return rows[0]?.last === true;
  } catch {
    // It broke just now. Whether others hold it cannot be asked any more, and they will start it again.
    return true;
  }
}
