/**
 * The vault: values that must not lie in the database as they are. Definitions and runs hold references to them
 * (`{"$secret": "sec_…"}`); what a reference stands for is put in its place when a run is leased, for its worker alone.
 *
 * At rest a secret is its value as JSON under AES-256-GCM: a version byte, the key's id (4 bytes), nonce (12), tag (16),
 * ciphertext. Owner and id are its associated data: a row that is given to another owner, or copied over another, cannot
 * be opened.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { AppError } from '../kernel/errors.ts';
import { randomText } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { Daemon } from '../kernel/service.ts';
import type { Json } from '../protocol/executor.ts';
import { MASK } from '../protocol/secret-names.ts';
import { referencesIn, replaceReferences, type SecretRef } from '../protocol/secret-refs.ts';
import type { LeasedRun } from '../protocol/worker.ts';
import type { Queryable, Tx } from '../store/store.ts';
import {
  secretsDelete,
  secretsInsert,
  secretsOfOwner,
  secretsOfRuns,
  secretsPrune,
  secretsSupersede,
} from './queries/secret.ts';

/** Whose a secret is, such as `job:7`. Those of jobs and runs are resolved at a lease; others by `reveal`. */
export type SecretOwner = `${string}:${string | number}`;

export function jobOwner(jobId: number): SecretOwner {
  return `job:${jobId}`;
}

export function runOwner(runId: number): SecretOwner {
  return `run:${runId}`;
}

interface VaultOptions {
  /** 32 bytes, of this purpose alone. */
  readonly key: Buffer;
  readonly logger: Logger;
  /**
   * Secrets of the installation, by id: any run may refer to them, and they are not stored here. Whoever takes a spec
   * from a client therefore calls `sealSecrets` or `refuseReferences`.
   */
  readonly wellKnown?: ReadonlyMap<string, () => Promise<Json | undefined>>;
}

const VERSION = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;

/**
 * Secrets on their way into the vault: a definition is written with references before its owner's id is known, and
 * saved with the owner in one transaction.
 */
export class SecretDraft {
  readonly values = new Map<string, Json>();

  /** @param shown what answers show in its place; the mask unless told */
  readonly seal = (value: Json, shown: string = MASK): SecretRef => {
    const id = `sec_${randomText(22)}`;
    this.values.set(id, value);
    return shown === MASK ? { $secret: id } : { $secret: id, shown };
  };
}

export class Vault {
  readonly #key: Buffer;
  readonly #keyId: Buffer;
  readonly #logger: Logger;
  readonly #wellKnown: ReadonlyMap<string, () => Promise<Json | undefined>>;

  constructor({ key, logger, wellKnown = new Map() }: VaultOptions) {
    this.#key = key;
    this.#keyId = createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES);
    this.#logger = logger;
    this.#wellKnown = wellKnown;
  }

  /** Seals one value for good, without a definition that holds it. */
  async seal(tx: Tx, owner: SecretOwner, value: Json): Promise<SecretRef> {
    const draft = new SecretDraft();
    const reference = draft.seal(value);
    await this.#insert(tx, owner, draft);
    return reference;
  }

  /**
   * Writes the secrets of a definition, and lets go of those that it refers to no more: they are deleted once no run
   * under way needs them.
   * @param definition all that holds references of `owner`
   */
  async save(tx: Tx, owner: SecretOwner, draft: SecretDraft, definition: Json): Promise<void> {
    await this.#insert(tx, owner, draft);
    await secretsSupersede(tx, owner, [...referencesIn(definition)]);
  }

  /** Deletes all secrets of `owner`. Those of a job go with it by themselves. */
  async forget(tx: Tx, owner: SecretOwner): Promise<void> {
    await secretsDelete(tx, owner);
  }

  /** `value` with the secrets of `owner` in it, for use on the server. What cannot be resolved stays a reference. */
  async reveal(db: Queryable, owner: SecretOwner, value: Json): Promise<Json> {
    const ids = [...referencesIn(value)];
    if (ids.length === 0) return value;
    const found = new Map<string, Json>();
    for (const { id, sealed } of await secretsOfOwner(db, owner, ids)) this.#openInto(found, id, owner, sealed);
    return replaceReferences(value, ({ $secret }) => found.get($secret));
  }

  /**
   * Puts secrets in the place of references, for the worker that has leased these runs. One statement at most, and none
   * when no spec holds a reference. A reference that cannot be resolved, or is not the run's or its job's, stays.
   */
  async resolve(db: Queryable, runs: LeasedRun[]): Promise<LeasedRun[]> {
    const wanted = runs.map((run) => referencesIn(run.spec));
    if (wanted.every((ids) => ids.size === 0)) return runs;
    const wellKnown = await this.#lookUpWellKnown(wanted);
    const stored = runs.flatMap(({ id: run }, index) =>
      [...(wanted[index] ?? [])].filter((id) => !this.#wellKnown.has(id)).map((id) => ({ run, id })),
    );
    const found = new Map(runs.map(({ id }) => [id, new Map(wellKnown)]));
    if (stored.length > 0) {
      const runIds = stored.map(({ run }) => run);
      const secretIds = stored.map(({ id }) => id);
      for (const { run_id, id, owner, sealed } of await secretsOfRuns(db, runIds, secretIds)) {
        const ofRun = found.get(run_id);
        if (ofRun) this.#openInto(ofRun, id, owner, sealed);
      }
    }
    return runs.map((run, index) =>
      wanted[index]?.size === 0
        ? run
        : { ...run, spec: replaceReferences(run.spec as Json, ({ $secret }) => found.get(run.id)?.get($secret)) },
    );
  }

  async #lookUpWellKnown(wanted: readonly ReadonlySet<string>[]): Promise<Map<string, Json>> {
    const found = new Map<string, Json>();
    for (const [id, find] of this.#wellKnown) {
      if (!wanted.some((ids) => ids.has(id))) continue;
      try {
        const value = await find();
        if (value !== undefined) found.set(id, value);
      } catch (error) {
        // While the database is away nothing can be leased; anything else is the trouble of those runs alone.
        if (error instanceof AppError && error.code === 'unavailable') throw error;
        this.#logger.error({ err: error, secret: id }, 'a secret of the installation cannot be looked up');
      }
    }
    return found;
  }

  async #insert(tx: Tx, owner: SecretOwner, { values }: SecretDraft): Promise<void> {
    if (values.size === 0) return;
    const secrets = [...values].map(([id, value]) => ({ id, sealed: this.#encrypt(id, owner, value) }));
    await secretsInsert(tx, owner, secrets);
  }

  #encrypt(id: string, owner: string, value: Json): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const header = Buffer.concat([Buffer.of(VERSION), this.#keyId]);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(associated(header, id, owner));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return Buffer.concat([header, nonce, cipher.getAuthTag(), sealed]);
  }

  /** One that cannot be opened is left out: the others of the lease must not suffer for it. */
  #openInto(found: Map<string, Json>, id: string, owner: string, sealed: Buffer): void {
    try {
      found.set(id, this.#decrypt(id, owner, sealed));
    } catch (error) {
      this.#logger.error({ err: error, secret: id, owner }, 'a secret cannot be opened');
    }
  }

  #decrypt(id: string, owner: string, bytes: Buffer): Json {
    const header = bytes.subarray(0, HEADER_BYTES);
    if (header[0] !== VERSION) throw new Error(`it is sealed in a form (${header[0]}) that this version does not know`);
    if (!header.subarray(1).equals(this.#keyId)) throw new Error('it is sealed with another master key');
    const nonce = bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
    const tagEnd = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(associated(header, id, owner))
      .setAuthTag(bytes.subarray(HEADER_BYTES + NONCE_BYTES, tagEnd));
    const text = Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()]).toString('utf8');
    return JSON.parse(text) as Json;
  }
}

function associated(header: Buffer, id: string, owner: string): Buffer {
  return Buffer.concat([header, Buffer.from(JSON.stringify([owner, id]))]);
}

const PRUNE_EVERY_MS = 10 * 60_000;
const PRUNE_BATCH = 1000;

/** Deletes secrets that nobody can need again. Any number of servers may run it. */
export function secretPruner(db: Queryable, logger: Logger): Daemon {
  return new Daemon({
    name: 'secret-pruner',
    logger,
    async runOnce() {
      const pruned = await secretsPrune(db, PRUNE_BATCH);
      return { nextInMs: pruned === PRUNE_BATCH ? 0 : PRUNE_EVERY_MS };
    },
  });
}
