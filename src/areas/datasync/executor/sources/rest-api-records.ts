import { isUtf8 } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import type { OutboundResponse } from '../../../../connections/outbound.ts';
import type { Json } from '../../../../protocol/executor.ts';
import { OPEN_ARRAY } from '../formats/ascii.ts';
import { scalarIn } from '../formats/json-columns.ts';
import { type EncodedJson, JsonLane } from '../formats/json-lane.ts';
import { behindSpace, behindValue, membersOf } from '../formats/json-template.ts';
import { parsePointer, valueAt } from '../json-pointer.ts';
import { parseJson } from '../json-text.ts';
import type { Value } from '../pipeline/contracts.ts';
import { jsonValue } from '../pipeline/json-of.ts';
import { BadLine, isDocument, type PageContent } from './rest-api-answer.ts';

/** The records of a page. */
export abstract class PageRecords {
  abstract readonly count: number;
  /** All of them, where they could be had as text; `list` is made when it is read then. */
  abstract readonly text: EncodedJson | undefined;
  abstract readonly list: readonly (Value | BadLine)[];
  #fingerprint: string | undefined;

  /** One record alone. */
  abstract at(index: number): Value | BadLine | undefined;

  /** What stands at these names in a record; of a page that is text, undefined for all but numbers and texts. */
  valueAt(index: number, names: readonly string[]): Value | undefined {
    const record = this.at(index);
    return record instanceof BadLine ? undefined : valueAt(record, names);
  }

  /** What tells a page from others, however they were read. */
  get fingerprint(): string {
    if (this.#fingerprint !== undefined) return this.#fingerprint;
    const sample: Json[] = [this.count];
    for (const index of sampled(this.count)) sample.push(sampleOf(this.at(index)));
    this.#fingerprint = digestOf(JSON.stringify(sample));
    return this.#fingerprint;
  }

  /** Whether a page looks like this one. */
  isLike(other: PageRecords): boolean {
    return this.count === other.count && this.fingerprint === other.fingerprint;
  }
}

export class ListedRecords extends PageRecords {
  readonly text = undefined;
  readonly list: readonly (Value | BadLine)[];

  constructor(list: readonly (Value | BadLine)[]) {
    super();
    this.list = list;
  }

  get count(): number {
    return this.list.length;
  }

  at(index: number): Value | BadLine | undefined {
    return this.list[index];
  }
}

/** Stands in the place of the records while what is around them is parsed; no server can write it. */
const STAND_IN = randomUUID();
/** Where records lie deeper, how deep they are themselves is looked at. */
const LONGEST_PATH = 50;

/** Reads pages whose records are all alike as text. */
export class TextPages {
  readonly #lane = new JsonLane('plain');
  /** Names of what is looked up in pages. */
  readonly #lookups: readonly (readonly string[])[];

  /** @param pointers to what is looked up in pages besides their records */
  constructor(pointers: readonly (string | undefined)[]) {
    this.#lookups = pointers.filter((pointer) => pointer !== undefined).map(parsePointer);
  }

  /**
   * @param path to the records
   * @returns undefined where the page must be looked at
   */
  read(answer: OutboundResponse, path: readonly string[]): { content: PageContent; records: PageRecords } | undefined {
    const { body } = answer;
    const isWithin = (names: readonly string[]) => path.every((name, at) => names[at] === name);
    if (this.#lookups.some(isWithin) || path.length > LONGEST_PATH || !isDocument(answer) || !isUtf8(body))
      return undefined;
    const open = listAt(body, path);
    const text = open === undefined ? undefined : this.#lane.encodeList(body, open + 1);
    if (open === undefined || text === undefined) return undefined;
    const document = around(body, open, (text.bounds.at(-1) ?? 0) + 1);
    const standIn = valueAt(document, path);
    // Else another list of that name follows, which counts.
    if (!Array.isArray(standIn) || standIn[0] !== STAND_IN) return undefined;
    return { content: { document: document as Value }, records: new EncodedRecords(body, open, text) };
  }
}

/** Where the list opens; undefined where none is at this path. */
function listAt(body: Buffer, path: readonly string[]): number | undefined {
  let at = behindSpace(body, 0);
  for (const name of path) {
    let value: number | undefined;
    for (const member of membersOf(body, at)) {
      if (member.name !== name) continue;
      value = member.at;
      break;
    }
    if (value === undefined) return undefined;
    at = value;
  }
  return body[at] === OPEN_ARRAY ? at : undefined;
}

/** The document without its records; undefined where it is none. */
function around(body: Buffer, from: number, to: number): Value | undefined {
  try {
    return parseJson(`${body.toString('utf8', 0, from)}["${STAND_IN}"]${body.toString('utf8', to)}`);
  } catch {
    return undefined;
  }
}

class EncodedRecords extends PageRecords {
  readonly text: EncodedJson;
  readonly #body: Buffer;
  readonly #open: number;
  #list: readonly Value[] | undefined;

  constructor(body: Buffer, open: number, text: EncodedJson) {
    super();
    this.#body = body;
    this.#open = open;
    this.text = text;
  }

  get count(): number {
    return this.text.records;
  }

  get list(): readonly Value[] {
    const end = this.text.bounds[this.count] ?? 0;
    this.#list ??= parseJson(this.#body.toString('utf8', this.#open, end + 1)) as readonly Value[];
    return this.#list;
  }

  at(index: number): Value | undefined {
    return parseJson(this.#bytes(index).toString());
  }

  /** Without making a value of the record, where it is one of its members. */
  override valueAt(index: number, names: readonly string[]): Value | undefined {
    const [name] = names;
    if (name === undefined || names.length > 1) return super.valueAt(index, names);
    return scalarIn(this.text.bytes, this.text.ends[index - 1] ?? 0, name, this.text.columns);
  }

  /** Without making values, where both are text. */
  override isLike(other: PageRecords): boolean {
    if (!(other instanceof EncodedRecords)) return super.isLike(other);
    if (this.count !== other.count) return false;
    for (const index of sampled(this.count)) if (!this.#bytes(index).equals(other.#bytes(index))) return false;
    return true;
  }

  #bytes(index: number): Buffer {
    const from = this.text.bounds[index] ?? 0;
    return this.#body.subarray(from, behindValue(this.#body, from));
  }
}

/** Records that stand for a page. */
const SAMPLE = 100;

/**
 * Where the sample is, spread over the page: pages that differ, and not in it, have nothing that tells their records
 * apart.
 */
function* sampled(count: number): Generator<number> {
  const step = Math.max(1, (count - 1) / SAMPLE);
  for (let index = 0; index < count; index += step) yield Math.floor(index);
  yield count - 1;
}

function sampleOf(record: Value | BadLine | undefined): Json {
  return record instanceof BadLine ? record.text : jsonValue(record);
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
