import { ownerOfSession, type SessionOwner } from '../../engine/queries/session.ts';
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
  readonly #owners = new Map<number, SessionOwner>();

  constructor(db: Queryable) {
    this.#db = db;
  }

  /**
   * A session that nobody has passes: the port itself answers that it is over, from which workers go on.
   * @param principal who calls; not even an admin speaks for another's session, whose runs come with their secrets
   * @throws AppError `conflict` when the session is another worker's, or was joined by somebody else
   */
  async check(principal: string, workerId: string, sessionId: number): Promise<void> {
    const owner = this.#owners.get(sessionId) ?? (await this.#lookUp(sessionId));
    if (!owner || (owner.workerId === workerId && owner.principal === principal)) return;
    throw new AppError('conflict', `session ${sessionId} is not one of worker ${workerId} with this key; register it`);
  }

  async #lookUp(sessionId: number): Promise<SessionOwner | undefined> {
    const owner = await ownerOfSession(this.#db, sessionId);
    if (owner === undefined) return undefined;
    const [oldest] = this.#owners.keys();
    if (oldest !== undefined && this.#owners.size >= REMEMBERED) this.#owners.delete(oldest);
    this.#owners.set(sessionId, owner);
    return owner;
  }
}
