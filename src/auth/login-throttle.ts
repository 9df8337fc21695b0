import { createHash } from 'node:crypto';
import { AppError } from '../kernel/errors.ts';
import type { Queryable } from '../store/store.ts';
import { networkOf } from './network.ts';
import { type AttemptLimit, claimAttempt } from './queries/attempt_claim.ts';
import { clearAttempts, returnAttempt } from './queries/attempt_clear.ts';

/** A count is forgotten after an hour without an attempt. */
export const FORGET_SECONDS = 3600;
const CAP_SECONDS = 900;

/** Who tries, and from where. Nobody can lock a user out from elsewhere: the count is for the two together. */
const BLOCKS_PAIR_FROM = 10;
/** For all usernames from one address: an office behind one address may mistype now and then. */
const BLOCKS_ADDRESS_FROM = 50;

/**
 * Slows guessing: from a certain failure on each one doubles the wait for the next, from a second up to 15 minutes.
 * Counts are kept in the database, so that they hold for all servers and over restarts.
 */
export class LoginThrottle {
  readonly #pair: AttemptLimit;
  readonly #address: AttemptLimit;
  readonly #queryable: Queryable;

  /** @param subject the folded username, or a client's id */
  constructor(queryable: Queryable, subject: string, address: string | undefined) {
    const from = networkOf(address ?? '');
    this.#queryable = queryable;
    this.#pair = limit(`pair\0${subject}\0${from}`, BLOCKS_PAIR_FROM);
    this.#address = limit(`address\0${from}`, BLOCKS_ADDRESS_FROM);
  }

  /** Counts an attempt that is about to be made. @throws AppError `rate_limited` with `retryAfterSeconds` */
  async claim(): Promise<void> {
    // The narrower one first: a blocked pair must not use up what its address has.
    for (const one of [this.#pair, this.#address]) {
      const seconds = await claimAttempt(this.#queryable, one);
      if (seconds > 0) {
        throw new AppError('rate_limited', `Too many failed attempts to sign in; try again in ${seconds} seconds.`, {
          retryAfterSeconds: seconds,
        });
      }
    }
  }

  /** The claimed attempt succeeded. */
  async succeeded(): Promise<void> {
    await clearAttempts(this.#queryable, this.#pair.key);
    await returnAttempt(this.#queryable, this.#address.key);
  }
}

function limit(text: string, blocksFrom: number): AttemptLimit {
  return {
    key: createHash('sha256').update(text).digest(),
    blocksFrom,
    capSeconds: CAP_SECONDS,
    forgetSeconds: FORGET_SECONDS,
  };
}
