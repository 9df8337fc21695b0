import type { Json } from '../../../../protocol/executor.ts';
import type { Value } from '../pipeline/contracts.ts';

/*
 * How far a source has been read by one of its fields. Numbers are compared as numbers, also where they are text, times
 * as times, anything else as text.
 */

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

/** The highest value of a cursor field, over one run and those before it. */
export class HighWater {
  readonly #since: Mark | undefined;
  #highest: Mark | undefined;
  /** As the server wrote it, since that is how it wants to be asked. */
  #value: Json | undefined;

  /**
   * @param since what the last complete run has reached: older records are left out
   * @param reached what an earlier attempt of this run has
   */
  constructor(since: Json | undefined, reached: Json | undefined) {
    this.#since = markOf(since);
    this.#value = since;
    this.#highest = this.#since;
    if (reached !== undefined) this.#raise(reached);
  }

  get value(): Json | undefined {
    return this.#value;
  }

  /**
   * Takes note of a record's value.
   * @returns whether the record is one to read: not older than where this run begins. Records with the very same value
   * are, since more of them may have come; so are those without a value, or with one of another kind.
   */
  take(value: Value | undefined): boolean {
    const mark = markOf(value);
    if (!mark) return true;
    if (this.#since && (compare(mark, this.#since) ?? 0) < 0) return false;
    if (!this.#highest || (compare(mark, this.#highest) ?? 1) > 0) {
      this.#highest = mark;
      this.#value = typeof value === 'bigint' ? value.toString() : (value as string | number);
    }
    return true;
  }

  #raise(reached: Json): void {
    this.#highest = markOf(reached);
    this.#value = reached;
  }
}
