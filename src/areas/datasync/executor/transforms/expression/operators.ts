import type { Value } from '../../pipeline/contracts.ts';
import type { Budget } from '../budget.ts';
import {
  compareDecimals,
  DECIMAL_OPERATIONS,
  type Decimal,
  decimalOf,
  isTooLong,
  parseDecimal,
  plainValue,
} from '../values/decimal.ts';
import { isSame, kindOf } from '../values/text.ts';
import { parseTime } from '../values/time.ts';
import { UTC } from '../values/zone.ts';
import type { Arithmetic } from './ast.ts';
import { OperationError } from './scope.ts';

const FAST: Readonly<Record<Arithmetic, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};

/**
 * The function of an operator. Two numbers are reckoned with as doubles while the result is exact or is none of whole
 * numbers; bigints, decimal texts and whole numbers that outgrow a double are reckoned with exactly. Null gives null.
 * @returns a function that throws OperationError
 */
export function arithmetic(operator: Arithmetic): (left: Value, right: Value) => Value {
  const fast = FAST[operator];
  const divides = operator === '/' || operator === '%';
  return (left, right) => {
    if (typeof left === 'number' && typeof right === 'number' && !(divides && right === 0)) {
      const result = fast(left, right);
      if (result <= Number.MAX_SAFE_INTEGER && result >= Number.MIN_SAFE_INTEGER) return result;
      if (!Number.isSafeInteger(left) || !Number.isSafeInteger(right)) return finite(result);
    }
    if (left === null || right === null) return null;
    const exact = DECIMAL_OPERATIONS[operator];
    const divisor = operand(right, operator);
    if (divides && divisor.digits === 0n) throw new OperationError('division by zero');
    const result = exact(operand(left, operator), divisor);
    if (isTooLong(result)) throw new OperationError('the result has too many digits');
    return plainValue(result);
  };
}

function finite(result: number): number {
  if (!Number.isFinite(result)) throw new OperationError('the result is too large, or no number');
  return result;
}

function operand(value: Value, operator: string): Decimal {
  const decimal =
    typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string' ? decimalOf(value) : undefined;
  if (decimal) return decimal;
  const hint = operator === '+' && typeof value === 'string' ? '; texts are joined by concat(…)' : '';
  throw new OperationError(`${operator} takes numbers, found ${shown(value)}${hint}`);
}

/** A value in a message: its kind, and a little of it where it is text. */
export function shown(value: Value): string {
  if (typeof value !== 'string') return kindOf(value);
  return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
}

export function negative(value: Value): Value {
  return typeof value === 'number' ? -value : arithmetic('-')(0, value);
}

/**
 * The order of two values, neither of them null: numbers and decimal texts by value, times by instant (a text beside a
 * time is read as one), other texts by their characters.
 * @returns below 0, 0, above 0
 * @throws OperationError for values that have no order
 */
export function order(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right || 0;
  if (typeof left === 'string' && typeof right === 'string') return orderOfTexts(left, right);
  if (isNumeric(left) && isNumeric(right)) {
    const [a, b] = [decimalOf(left), decimalOf(right)];
    if (a && b) return compareDecimals(a, b);
  }
  if (left instanceof Date || right instanceof Date) {
    const [a, b] = [instant(left), instant(right)];
    if (a !== undefined && b !== undefined) return a - b;
  }
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  throw new OperationError(`${shown(left)} and ${shown(right)} have no order`);
}

function isNumeric(value: Value): value is number | bigint | string {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string';
}

function orderOfTexts(left: string, right: string): number {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  if (a && b) return compareDecimals(a, b);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function instant(value: Value): number | undefined {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? parseTime(value, UTC)?.getTime() : undefined;
}

/**
 * Whether two values are equal. Null equals null alone. A number equals a decimal text of its value, a time a text that
 * says it; two texts are equal only when they are the same. Values of other kinds differ.
 * @throws BudgetError for huge lists and objects
 */
export function equal(left: Value, right: Value, budget: Budget): boolean {
  if (left === right) return true;
  if (left === null || right === null || typeof left === 'boolean' || typeof right === 'boolean') return false;
  if (typeof left === typeof right && typeof left !== 'object') return false;
  if (isNumeric(left) && isNumeric(right)) {
    const [a, b] = [decimalOf(left), decimalOf(right)];
    return a !== undefined && b !== undefined && compareDecimals(a, b) === 0;
  }
  if (typeof left === 'string' || typeof right === 'string') {
    const [a, b] = [instant(left), instant(right)];
    return a !== undefined && a === b && (left instanceof Date || right instanceof Date);
  }
  return isSame(left, right, budget);
}

/** @throws OperationError for what is neither true, false nor null */
export function truth(value: Value): boolean | null {
  if (typeof value === 'boolean' || value === null) return value;
  throw new OperationError(`expected true or false, found ${shown(value)}; compare it, or use to_boolean(…)`);
}
