/** What an object's members are, where they stand in its bytes, and what records that look like it have in common. */

import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  CR,
  LF,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  SPACE,
  TAB,
} from './ascii.ts';

/** More members than this are no record that comes often. */
const MOST_MEMBERS = 1000;

/** @returns where something else than white space stands */
export function behindSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (let code = bytes[at]; code === SPACE || code === LF || code === CR || code === TAB; ) code = bytes[++at];
  return at;
}

/** @param from where a string's quote opens; @returns behind the closing one, or the end of the bytes */
function behindString(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/**
 * Passes over a value without judging it: whether it is JSON, somebody else finds out.
 * @param from where it begins
 * @returns behind it, with the white space that may follow a number or a word; -1 if it is nested deeper than `deepest`
 */
export function behindValue(bytes: Buffer, from: number, deepest = Number.POSITIVE_INFINITY): number {
  let at = from;
  let depth = 0;
  while (at < bytes.length) {
    const code = bytes[at] as number;
    if (depth === 0 && (code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY)) return at;
    at = code === QUOTE ? behindString(bytes, at) : at + 1;
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth -= 1;
    if (depth > deepest) return -1;
    if (depth === 0 && (code === QUOTE || code === CLOSE_OBJECT || code === CLOSE_ARRAY)) return at;
  }
  return at;
}

/** A member of an object. */
interface Member {
  readonly name: string;
  /** Where its value begins. */
  readonly at: number;
}

/** The members of the object that begins at `from`, in order, as far as it is one. */
export function* membersOf(bytes: Buffer, from: number): Generator<Member, void> {
  if (bytes[from] !== OPEN_OBJECT) return;
  let at = from;
  do {
    const open = behindSpace(bytes, at + 1);
    if (bytes[open] !== QUOTE) return;
    const close = behindString(bytes, open);
    const name = parsed(bytes, open, close);
    const colon = behindSpace(bytes, close);
    if (typeof name !== 'string' || bytes[colon] !== COLON) return;
    const value = behindSpace(bytes, colon + 1);
    yield { name, at: value };
    at = behindSpace(bytes, behindValue(bytes, value));
  } while (bytes[at] === COMMA);
}

/** @returns undefined for what is no JSON */
function parsed(bytes: Buffer, from: number, to: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', from, to));
  } catch {
    return undefined;
  }
}

/** Which bytes stand between the values of records that have the same members in the same order. */
export interface JsonTemplate {
  /** Of the values. */
  readonly names: readonly string[];
  /** What stands before each value, and behind the last one. */
  readonly parts: readonly Uint8Array[];
}

/** Records as they are, or those that were pushed: `{id, data}`, the fields of `data` beside `_id`. */
export type RecordForm = 'plain' | 'pushed';

/**
 * Takes apart the record that begins at `from`.
 * @returns undefined where records that look like it must be looked at one by one
 */
export function templateOf(bytes: Buffer, from: number, form: RecordForm): JsonTemplate | undefined {
  const end = behindValue(bytes, from);
  // What has these parts around values is JSON then, too.
  if (bytes[from] !== OPEN_OBJECT || parsed(bytes, from, end) === undefined) return undefined;
  const found = form === 'plain' ? [...membersOf(bytes, from)] : pushedMembers(bytes, from);
  const names = found?.map(({ name }) => name) ?? [];
  const isOdd = names.length === 0 || names.length > MOST_MEMBERS || names.includes('__proto__');
  if (!found || isOdd || new Set(names).size < names.length) return undefined;
  const parts: Uint8Array[] = [];
  let at = from;
  for (const member of found) {
    parts.push(Buffer.from(bytes.subarray(at, member.at)));
    at = behindPlainValue(bytes, member.at);
  }
  return { names, parts: [...parts, Buffer.from(bytes.subarray(at, end))] };
}

/** Without the white space that may follow. */
function behindPlainValue(bytes: Buffer, from: number): number {
  let at = behindValue(bytes, from);
  while (at > from && behindSpace(bytes, at - 1) >= at) at -= 1;
  return at;
}

function pushedMembers(bytes: Buffer, from: number): Member[] | undefined {
  const outer = [...membersOf(bytes, from)];
  if (outer.filter(({ name }) => name === 'data').length !== 1) return undefined;
  const members: Member[] = [];
  for (const { name, at } of outer) {
    if (name === 'id') members.push({ name: '_id', at });
    else if (name === 'data' && bytes[at] === OPEN_OBJECT) members.push(...membersOf(bytes, at));
    else return undefined;
  }
  const names = members.map(({ name }) => name);
  // By the latter the newest of several records is told.
  return names.includes('_id') && !names.includes('_updated_at') ? members : undefined;
}
