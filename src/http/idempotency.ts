import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { deriveKey } from '../auth/master-key.ts';
import { AppError, invalidField } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { Daemon } from '../kernel/service.ts';
import type { Store, Tx } from '../store/store.ts';
import { requesterOf } from './access.ts';
import { claimIdempotencyKey, getIdempotentAnswer, saveIdempotentAnswer } from './queries/idempotency_key_claim.ts';
import { pruneIdempotencyKeys } from './queries/idempotency_key_prune.ts';

/** What a route answers, before it is sent: kept as it is for a repeat. */
export interface Answer<Body extends object> {
  readonly status: number;
  readonly body: Body;
}

const PRUNE_BATCH = 1000;
const PRUNE_EVERY_MS = 10 * 60_000;

/**
 * `Idempotency-Key` on requests that create or start something. The key is written in the transaction of the effect,
 * so there is never one without the other; a repeat that comes while the first is under way waits for it.
 */
export class Idempotency {
  readonly #store: Store;
  readonly #sealKey: Buffer;

  constructor(store: Store, masterKey: Buffer) {
    this.#store = store;
    this.#sealKey = deriveKey(masterKey, 'idempotent answers v1');
  }

  /**
   * Runs `work` in a transaction and returns its answer, for the route to return; a repeat with the same key within a
   * day gets the first answer again, with `Idempotent-Replayed: true`. A failed request keeps no key: it may be corrected and sent again.
   * @param sent what a repeat has to have in common with the first request; its body unless told
   * @throws AppError `validation` for a malformed key, `conflict` for a key that another request has used
   */
  async send<Body extends object>(
    request: FastifyRequest,
    reply: Pick<FastifyReply, 'header'> & { code(status: number): unknown },
    work: (tx: Tx) => Promise<Answer<Body>>,
    sent: unknown = request.body,
  ): Promise<Body> {
    const name = idempotencyKeyOf(request);
    const key = name === undefined ? undefined : this.#keyOf(request, name, sent);
    const answer = await this.#store.transaction((tx) => (key ? this.#once(tx, key, work) : work(tx)));
    if ('replayed' in answer) reply.header('Idempotent-Replayed', 'true');
    reply.code(answer.status);
    return answer.body;
  }

  async #once<Body extends object>(
    tx: Tx,
    key: RequestKey,
    work: (tx: Tx) => Promise<Answer<Body>>,
  ): Promise<Answer<Body> & { readonly replayed?: true }> {
    if (await claimIdempotencyKey(tx, key)) {
      const answer = await work(tx);
      await saveIdempotentAnswer(tx, key, answer.status, this.#seal(JSON.stringify(answer.body), key));
      return answer;
    }
    const stored = await getIdempotentAnswer(tx, key);
    // Pruned between the two statements: as unlikely as a repeat after exactly a day.
    if (!stored) throw new AppError('unavailable', 'The first answer has just expired. Try again.');
    if (stored.request_hash !== key.requestHash) {
      throw new AppError('conflict', 'This Idempotency-Key was used for a different request. Use a new key.', {
        details: [{ field: 'Idempotency-Key', message: 'was used with another body' }],
      });
    }
    return { status: stored.status, body: JSON.parse(this.#open(stored.answer, key)) as Body, replayed: true };
  }

  #keyOf(request: FastifyRequest, key: string, sent: unknown): RequestKey {
    const body = JSON.stringify(sent ?? null);
    return {
      principal: requesterOf(request).principal,
      route: `${request.method} ${request.url.split('?', 1)[0]}`,
      key,
      requestHash: createHash('sha256').update(body).digest('hex'),
    };
  }

  #seal(text: string, key: RequestKey): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, nonce).setAAD(associated(key));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  #open(sealed: string, key: RequestKey): string {
    const bytes = Buffer.from(sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, bytes.subarray(0, 12))
      .setAAD(associated(key))
      .setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  }
}

/** @throws AppError `validation` for a malformed one */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw invalidField('Idempotency-Key', 'must be 1 to 255 visible ASCII characters');
}

interface RequestKey {
  readonly principal: string;
  readonly route: string;
  readonly key: string;
  readonly requestHash: string;
}

/** Ties an answer to its row: one that is moved to another row cannot be opened. */
function associated({ principal, route, key }: RequestKey): Buffer {
  return Buffer.from(JSON.stringify([principal, route, key]));
}

/** Forgets keys after their day. Any number of servers may run it. */
export function idempotencyPruner(store: Store, logger: Logger): Daemon {
  return new Daemon({
    name: 'idempotency-pruner',
    logger,
    async runOnce() {
      const pruned = await pruneIdempotencyKeys(store, PRUNE_BATCH);
      return { nextInMs: pruned === PRUNE_BATCH ? 0 : PRUNE_EVERY_MS };
    },
  });
}
