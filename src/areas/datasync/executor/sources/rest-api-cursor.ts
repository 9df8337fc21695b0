import { createHash } from 'node:crypto';
import type { Json } from '../../../../protocol/executor.ts';
import type { Row, Value } from '../pipeline/contracts.ts';
import { jsonOf } from '../pipeline/json-of.ts';

/*
 * How far a source has been read by one of its fields. Numbers are compared as numbers, also where they are text, times
 * as times, anything else as text.
 *
 * The next run reads the records with exactly the highest value again, since more of them may have come. Those that have
 * come already are told by their digests, and passed over: who appends would have them twice.
 */

/** Records of one value whose digests are kept; of more than these all come again. */
const MOST_TIES = 10_000;
const DIGEST_CHARACTERS = 16;

type Mark =
  | { readonly kind: 'number'; readonly value: number | bigint }
  | { readonly kind: 'time'; readonly value: number; readonly fraction: string }
  | { readonly kind: 'text'; readonly value: string };

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9})\d*)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

function markOf(value: Value | undefined): Mark | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return { kind: 'number', value };
  if (typeof value !== 'string' || value === '') return undefined;
  return numberOf(value) ?? timeOf(value) ?? { kind: 'text', value };
}

function numberOf(text: string): Mark | undefined {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return undefined;
  return { kind: 'number', value: text.includes('.') ? Number(text) : BigInt(text) };
}

/** Times without a zone are taken as UTC: whatever they are, their order is the same. */
function timeOf(text: string): Mark | undefined {
  const [, date, time = '00:00', fraction = '', zone = 'Z'] = TIME.exec(text) ?? [];
  if (date === undefined) return undefined;
  const offset = zone.length === 3 ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase();
  const value = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(value) ? undefined : { kind: 'time', value, fraction: fraction.padEnd(9, '0') };
}

/** Below 0 when `left` comes first; undefined when the two are not of one kind. */
function compare(left: Mark, right: Mark): number | undefined {
  if (left.kind !== right.kind) return undefined;
  if (left.value < right.value) return -1;
  if (left.value > right.value) return 1;
  if (left.kind !== 'time' || right.kind !== 'time' || left.fraction === right.fraction) return 0;
  return left.fraction < right.fraction ? -1 : 1;
}

/** As it is stored. */
interface Kept {
  readonly value: Json | undefined;
  /** Digests of the records that have come with this value; null when they were too many. */
  readonly seen: readonly string[] | null;
  /** Of an attempt: what the last run has seen at its highest value and this one has not met yet. */
  readonly left?: readonly string[];
}

/** Earlier versions have kept the value alone. */
function keptOf(json: Json | undefined): Kept {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { value: json, seen: [] };
  return json as unknown as Kept;
}

/** The same for the same record, in whichever order its fields come. */
function digestOf(record: Row): string {
  const inOrder = (_name: string, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  const text = JSON.stringify(jsonOf(record), inOrder);
  return createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_CHARACTERS);
}

/** The value that a kept cursor stands for, as the server wrote it: what it wants to be asked with. */
export function cursorValue(cursor: Json | undefined): Json | undefined {
  return keptOf(cursor).value;
}

/** The highest value of a cursor field, over one run and those before it. */
export class HighWater {
  readonly #since: Mark | undefined;
  #highest: Mark | undefined;
  #value: Json | undefined;
  /** Of the records that have the highest value; null when they are too many. Positions share it: it never changes. */
  #seen: string[] | null;
  /** Such records whose digests nobody has asked for yet. */
  #fresh: (() => Row)[] = [];
  /** How often each record of the last run's highest value is still to be passed over. */
  readonly #left = new Map<string, number>();

  /**
   * @param since what the last complete run has reached: older records are left out
   * @param reached what an earlier attempt of this run has
   */
  constructor(since: Json | undefined, reached: Json | undefined) {
    const last = keptOf(since);
    const now = reached === undefined ? last : keptOf(reached);
    this.#since = markOf(last.value);
    this.#value = now.value;
    this.#highest = markOf(now.value);
    this.#seen = now.seen && [...now.seen];
    const left = reached === undefined ? last.seen : now.left;
    for (const digest of left ?? []) this.#left.set(digest, (this.#left.get(digest) ?? 0) + 1);
  }

  /** Where the next run begins; undefined when no record had a value. */
  get cursor(): Json | undefined {
    if (this.#value === undefined) return undefined;
    if (this.#fresh.length > 0)
      this.#seen = this.#seen && [...this.#seen, ...this.#fresh.map((record) => digestOf(record()))];
    this.#fresh = [];
    return { value: this.#value, seen: this.#seen };
  }

  /** Where another attempt of this run goes on. */
  get reached(): Json | undefined {
    const cursor = this.cursor as { readonly [name: string]: Json } | undefined;
    const left = [...this.#left].flatMap(([digest, count]) => Array<string>(count).fill(digest));
    return cursor && left.length > 0 ? { ...cursor, left } : cursor;
  }

  /** Whether so many records have the highest value that they cannot be told when they come again. */
  get forgetful(): boolean {
    return this.#seen === null;
  }

  /**
   * Takes note of a record.
   * @param record makes it, where it is needed: most have been passed by the next one before anybody asks
   * @returns whether it is one to read: not older than where this run begins, and none that came with that very value
   * before. Records without a value, or with one of another kind, are read.
   */
  take(value: Value | undefined, record: () => Row): boolean {
    const mark = markOf(value);
    if (!mark) return true;
    const order = this.#since && compare(mark, this.#since);
    if (order !== undefined && order < 0) return false;
    if (order === 0 && this.#cameBefore(record)) return false;
    const rise = this.#highest ? (compare(mark, this.#highest) ?? 1) : 1;
    if (rise > 0) {
      this.#highest = mark;
      this.#value = typeof value === 'bigint' ? value.toString() : (value as string | number);
      this.#seen = [];
      this.#fresh = [record];
    } else if (rise === 0) this.#note(record);
    return true;
  }

  #cameBefore(record: () => Row): boolean {
    if (this.#left.size === 0) return false;
    const digest = digestOf(record());
    const count = this.#left.get(digest) ?? 0;
    if (count > 1) this.#left.set(digest, count - 1);
    else this.#left.delete(digest);
    return count > 0;
  }

  #note(record: () => Row): void {
    if (!this.#seen) return;
    this.#fresh.push(record);
    if (this.#seen.length + this.#fresh.length <= MOST_TIES) return;
    this.#seen = null;
    this.#fresh = [];
  }
}
