import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Vault } from '../../connections/vault.ts';
import { refuseUnstorable } from '../../http/validation.ts';
import { AppError, invalidField } from '../../kernel/errors.ts';
import type { Store, Tx } from '../../store/store.ts';
import { jsonText } from './executor/destinations/schema-json.ts';
import type { Value } from './executor/pipeline/contracts.ts';
import { idOf } from './ids.ts';
import { parseBody } from './push.ts';
import { blobOf } from './push-blob.ts';
import { enqueueLoad, PUSHED } from './push-load.ts';
import { isObject, problemOfRecord } from './push-records.ts';
import { pushRequestInsert, pushRequestOfDelivery, pushRequestTaken } from './queries/push_request.ts';
import type { WebhookRow } from './queries/webhook.ts';
import { getWebhook, webhookOwner } from './webhooks.ts';
import { compileSchema, type Judge } from './webhooks-schema.ts';

/** How far a sender's clock may be off, and how long a signature is good. */
const TOLERANCE_SECONDS = 300;
/** Objects of one delivery that is a list. */
const MOST_OBJECTS = 10_000;
/** Compiled schemas that are kept: a webhook never changes. */
const MOST_JUDGES = 500;

/** What a sender sends. */
export interface Delivery {
  readonly webhookId: string;
  /** The very bytes that are signed. */
  readonly body: Buffer;
  readonly signature: string | undefined;
  readonly timestamp: string | undefined;
  /** The sender's name for it; the signature, where it gives none. */
  readonly deliveryId: string | undefined;
  readonly startedAt: number;
}

export interface ReceivedEvent {
  readonly eventId: string;
  /** It was here before. */
  readonly repeated: boolean;
}

/** Takes what senders deliver to webhooks. They have no identity: each delivery proves itself. */
export class WebhookReceiver {
  readonly #store: Store;
  readonly #vault: Vault;
  readonly #judges = new Map<string, Judge>();

  constructor(store: Store, vault: Vault) {
    this.#store = store;
    this.#vault = vault;
  }

  /**
   * Committed, and its load enqueued, when it resolves; one that was here before is the first one again.
   * @throws AppError `not_found`, `unauthenticated`, `validation` naming the field
   */
  async receive(delivery: Delivery): Promise<ReceivedEvent> {
    const webhook = await getWebhook(this.#store, delivery.webhookId);
    await this.#authenticate(webhook, delivery);
    const id = deliveryIdOf(delivery);
    const known = await pushRequestOfDelivery(this.#store, webhook.id, id);
    if (known !== undefined) return { eventId: eventIdOf(known), repeated: true };
    const payload = parseBody(delivery.body);
    refuseUnstorable(payload);
    this.#judgeOf(webhook)?.(payload);
    const records = recordsOf(payload);
    return this.#store.transaction((tx) => keep(tx, webhook, id, records, delivery.startedAt));
  }

  async #authenticate(webhook: WebhookRow, { body, signature, timestamp }: Delivery): Promise<void> {
    const secret = await this.#vault.reveal(this.#store, webhookOwner(webhook.id), webhook.secret);
    if (typeof secret !== 'string') throw new AppError('unavailable', 'The secret of this webhook cannot be opened.');
    const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
    const given = Buffer.from(/^[0-9a-f]{64}$/i.test(signature ?? '') ? (signature ?? '') : '', 'hex');
    const genuine = given.length === expected.length && timingSafeEqual(given, expected);
    const age = Math.abs(Date.now() / 1000 - Number(timestamp));
    const fresh = /^\d{1,12}$/.test(timestamp ?? '') && age <= TOLERANCE_SECONDS;
    // One answer for all: which of them was wrong is nobody's business.
    if (!genuine || !fresh) {
      throw new AppError(
        'unauthenticated',
        'X-Signature must be the HMAC-SHA256 in hex of "timestamp.body", X-Timestamp the present time in seconds.',
      );
    }
  }

  #judgeOf({ id, schema }: WebhookRow): Judge | undefined {
    if (schema === null) return undefined;
    const known = this.#judges.get(id);
    if (known) return known;
    const judge = compileSchema(schema);
    const [oldest] = this.#judges.keys();
    if (this.#judges.size >= MOST_JUDGES && oldest !== undefined) this.#judges.delete(oldest);
    this.#judges.set(id, judge);
    return judge;
  }
}

function eventIdOf(requestId: number): string {
  return idOf('event', requestId);
}

function deliveryIdOf({ deliveryId, signature = '' }: Delivery): string {
  // A repeat without a name is the same bytes at the same time.
  if (deliveryId === undefined) return `signature:${signature.toLowerCase()}`;
  if (/^[\x21-\x7e]{1,200}$/.test(deliveryId)) return `id:${deliveryId}`;
  throw invalidField('X-Delivery-Id', 'must be 1 to 200 visible ASCII characters');
}

/** @throws AppError `validation` */
function recordsOf(payload: Value): Value[] {
  const records = Array.isArray(payload) ? (payload as Value[]) : [payload];
  if (records.length > MOST_OBJECTS) throw invalidField('body', `must have at most ${MOST_OBJECTS} entries`);
  for (const [index, data] of records.entries()) {
    if (!isObject(data)) throw invalidField('body', 'must be an object, or a list of objects');
    const problem = problemOfRecord({ id: 0, data }, false);
    if (problem === undefined) continue;
    const [field = '', ...message] = problem.replace(/^data\.?/, '').split(': ');
    const at = [...(Array.isArray(payload) ? [index] : []), ...(field === '' ? [] : [field])].join('.');
    throw invalidField(at || 'body', message.join(': '));
  }
  return records;
}

async function keep(
  tx: Tx,
  webhook: WebhookRow,
  deliveryId: string,
  records: readonly Value[],
  startedAt: number,
): Promise<ReceivedEvent> {
  const { id: webhookId, source } = webhook;
  const delivery = { webhookId, id: deliveryId };
  const id = await pushRequestInsert(tx, { kind: 'webhook', source, complete: true, createdBy: null, delivery });
  if (id === undefined) {
    // Two at the same moment: the other one was first, and has committed.
    const first = await pushRequestOfDelivery(tx, webhookId, deliveryId);
    if (first === undefined) throw new AppError('unavailable', 'The first delivery has just expired. Try again.');
    return { eventId: eventIdOf(first), repeated: true };
  }
  const eventId = eventIdOf(id);
  const metadata = { webhook_id: webhookId, event_id: eventId, received_at: new Date().toISOString() };
  const lines = records.map((data, index) =>
    jsonText({ id: records.length === 1 ? eventId : `${eventId}.${index + 1}`, data, metadata }),
  );
  const accepted = records.length;
  const blobId = accepted === 0 ? null : await blobOf(tx, Buffer.from(lines.join('\n')));
  const load = { ...PUSHED, source, timed: false, options: {} };
  const runId = blobId === null ? null : await enqueueLoad(tx, null, { ...load, blobId });
  const processingMs = performance.now() - startedAt;
  await pushRequestTaken(tx, id, { blobId, runId, accepted, rejected: 0, errors: [], processingMs });
  return { eventId, repeated: false };
}
