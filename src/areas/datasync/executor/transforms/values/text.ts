import { isValueMap } from '../../json-pointer.ts';
import type { Value } from '../../pipeline/contracts.ts';
import { jsonValue } from '../../pipeline/json-of.ts';
import type { Budget } from '../budget.ts';
import { BudgetError } from '../budget.ts';

/** Deepest nesting of a value that is looked through; a stack holds far more. */
const DEEPEST = 200;

/** What kind of value it is, in words for the user. */
export function kindOf(value: Value): string {
  if (value === null) return 'null';
  if (value instanceof Date) return 'time';
  if (value instanceof Uint8Array) return 'binary';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'object' ? 'object' : 'number';
}

/**
 * A value as text: times as RFC 3339 in UTC, bytes as base64, lists and objects as JSON; null is empty.
 * @throws BudgetError for what is too large or nested too deeply
 */
export function textOf(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  measure(value, budget, 0);
  const json = jsonValue(value);
  return budget.text(typeof json === 'string' ? json : JSON.stringify(json));
}

/** Pays for a value before it is copied, and refuses what would overflow the stack. */
function measure(value: Value, budget: Budget, depth: number): void {
  if (depth > DEEPEST) throw new BudgetError(`this is nested more than ${DEEPEST} levels deep`);
  if (typeof value === 'string') budget.spendText(value.length);
  else if (value instanceof Uint8Array) budget.spendText(value.length * 2);
  else if (Array.isArray(value)) for (const item of value as readonly Value[]) measure(item, budget, depth + 1);
  else if (isValueMap(value)) {
    for (const name of Object.keys(value)) {
      budget.spendText(name.length);
      measure(value[name] ?? null, budget, depth + 1);
    }
  } else budget.spend(1);
}

/**
 * Whether two values are the same, whatever they are nested in. Numbers equal decimal texts of the same value only at
 * the top, which is the caller's to decide.
 */
export function isSame(left: Value, right: Value, budget: Budget, depth = 0): boolean {
  budget.spend(1);
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (depth > DEEPEST) throw new BudgetError(`this is nested more than ${DEEPEST} levels deep`);
  if (left instanceof Date) return right instanceof Date && left.getTime() === right.getTime();
  if (left instanceof Uint8Array) {
    budget.spendText(left.length);
    return right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  }
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item: Value, index) => isSame(item, right[index] as Value, budget, depth + 1));
  }
  if (!isValueMap(left) || !isValueMap(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    if (!Object.hasOwn(right, name)) return false;
    return isSame(left[name] ?? null, right[name] ?? null, budget, depth + 1);
  });
}

/** How many characters: those beyond the basic plane, such as emoji, count once. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let at = 0; at + 1 < text.length; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      count -= 1;
      at += 1;
    }
  }
  return count;
}

/**
 * `text` with every `search` replaced; an empty one is nowhere.
 * @throws BudgetError, before what is too long is made
 */
export function replaced(text: string, search: string, replacement: string, budget: Budget): string {
  if (search === '') return text;
  let [found, at] = [0, text.indexOf(search)];
  while (at >= 0) {
    found += 1;
    at = text.indexOf(search, at + search.length);
  }
  if (found === 0) return text;
  budget.refuseText(text.length + found * (replacement.length - search.length));
  // A function, since $ in a replacement text has a meaning.
  return budget.text(text.replaceAll(search, () => replacement));
}
