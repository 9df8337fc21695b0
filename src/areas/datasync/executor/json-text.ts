import { randomUUID } from 'node:crypto';
import type { Value } from './pipeline/contracts.ts';

/** What follows a parsed document (filters, hashes, encoders) goes down into it by recursion. */
const DEEPEST = 200;
/** Integers of fewer digits are exact as numbers. */
const EXACT_DIGITS = 15;

export class JsonTooDeep extends Error {
  constructor() {
    super(`the JSON is nested deeper than ${DEEPEST} levels`);
    this.name = 'JsonTooDeep';
  }
}

/**
 * JSON.parse for what strangers send: integers beyond 2^53 become bigints instead of other numbers, and the depth is
 * looked at before anything is built, since a mere 50 MB of `[` would take gigabytes.
 * @throws SyntaxError, JsonTooDeep
 */
export function parseJson(text: string): Value {
  const bigs = scan(text);
  if (bigs.length === 0) return JSON.parse(text) as Value;
  let marked = '';
  let position = 0;
  for (const { start, end } of bigs) {
    marked += `${text.slice(position, start)}"${MARK}${text.slice(start, end)}"`;
    position = end;
  }
  return revive(JSON.parse(marked + text.slice(position)) as Value);
}

/** Stands before the digits of an integer that was made a text; nobody outside of this process can write it. */
const MARK = `bigint ${randomUUID()} `;

interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const isOpening = (code: number) => code === 0x5b || code === 0x7b;
const isClosing = (code: number) => code === 0x5d || code === 0x7d;
const startsNumber = (code: number) => (code >= 0x30 && code <= 0x39) || code === 0x2d;
/** Digits, `+`, `-`, `.`, `e`, `E`. */
const continuesNumber = (code: number) =>
  startsNumber(code) || code === 0x2b || code === 0x2e || code === 0x45 || code === 0x65;

/** @returns where the integers stand that a number cannot hold */
function scan(text: string): Span[] {
  const bigs: Span[] = [];
  let depth = 0;
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index + 1);
      continue;
    }
    if (startsNumber(code)) {
      const start = index;
      while (index < text.length && continuesNumber(text.charCodeAt(index))) index += 1;
      if (index - start > EXACT_DIGITS && isBigInteger(text, start, index)) bigs.push({ start, end: index });
      continue;
    }
    if (isOpening(code)) {
      depth += 1;
      if (depth > DEEPEST) throw new JsonTooDeep();
    } else if (isClosing(code)) depth -= 1;
    index += 1;
  }
  return bigs;
}

/** @returns behind the closing quote */
function endOfString(text: string, from: number): number {
  let index = from;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index + 1;
    index += code === BACKSLASH ? 2 : 1;
  }
  return index;
}

function isBigInteger(text: string, start: number, end: number): boolean {
  const literal = text.slice(start, end);
  if (!/^-?[1-9]\d*$/.test(literal) || Number.isSafeInteger(Number(literal))) return false;
  // In the place of a name it is an error, which must stay one.
  return !/^\s*:/.test(text.slice(end, end + 20));
}

/** Puts the bigints where their marks are; in place. */
function revive(value: Value): Value {
  if (typeof value === 'string') return value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, Value>;
  for (const name of Object.keys(members)) {
    const member = members[name];
    if (member === undefined || (typeof member !== 'string' && typeof member !== 'object')) continue;
    const revived = revive(member);
    if (revived !== member) members[name] = revived;
  }
  return value;
}
