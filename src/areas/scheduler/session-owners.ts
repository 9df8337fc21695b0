import { workerOfSession } from '../../engine/queries/session.ts';
import { AppError } from '../../kernel/errors.ts';
import type { Queryable } from '../../store/store.ts';

/** Sessions that are remembered; the one looked up first makes room. */
const REMEMBERED = 10_000;

/**
 * Knows whose each session is. Whose it is never changes, so the database is asked once a session: leases and
 * heartbeats come every few milliseconds.
 */
export class SessionOwners {
  readonly #db: Queryable;
  readonly #workers = new Map<number, string>();

  constructor(db: Queryable) {
    this.#db = db;
  }

  /**
   * A session that nobody has passes: the port itself answers that it is over, from which workers go on.
   * @throws AppError `conflict` when the session is another worker's
   */
  async check(workerId: string, sessionId: number): Promise<void> {
    const owner = this.#workers.get(sessionId) ?? (await this.#lookUp(sessionId));
    if (owner !== undefined && owner !== workerId) {
      throw new AppError('conflict', `session ${sessionId} is not one of worker ${workerId}; register it`);
    }
  }

  async #lookUp(sessionId: number): Promise<string | undefined> {
    const owner = await workerOfSession(this.#db, sessionId);
    if (owner === undefined) return undefined;
    const [oldest] = this.#workers.keys();
    if (oldest !== undefined && this.#workers.size >= REMEMBERED) this.#workers.delete(oldest);
    this.#workers.set(sessionId, owner);
    return owner;
  }
}
