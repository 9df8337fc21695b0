import type { Value } from '../../pipeline/contracts.ts';
import { booleanOf } from '../values/boolean.ts';
import { decimalOf, parseDecimal, plainValue, type Rounding, roundDecimal } from '../values/decimal.ts';
import { type Call, defined, type FunctionDefinition } from './definition.ts';
import { negative, order, shown } from './operators.ts';
import { OperationError } from './scope.ts';

/** Digits after the point that rounding can keep. */
const MOST_PLACES = 100;

function numeric(value: Value): number | bigint | string {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'string' && parseDecimal(value)) return value;
  throw new OperationError(`expected a number, found ${shown(value)}`);
}

/** Rounds the number that is written, not the double behind it: 1.005 to two places is 1.01. */
function rounding(kind: Rounding): Call {
  return ([value = null, places = 0]) => {
    if (value === null || places === null) return null;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    if (typeof places !== 'number' || !Number.isInteger(places) || places < 0 || places > MOST_PLACES) {
      throw new OperationError(`the number of places must be a whole number from 0 to ${MOST_PLACES}`);
    }
    const decimal = decimalOf(numeric(value));
    if (!decimal) throw new OperationError('not a finite number');
    return plainValue(roundDecimal(decimal, places, kind));
  };
}

const absolute: Call = ([value = null]) => {
  if (value === null) return null;
  return typeof value === 'number' ? Math.abs(value) : plainAbsolute(numeric(value));
};

function plainAbsolute(value: number | bigint | string): Value {
  return order(value, 0) < 0 ? negative(value) : value;
}

/** The first or last in order, nulls left aside; of the parameters, or of the one list among them. */
function extreme(sign: number): Call {
  return (parameters, scope) => {
    const [only] = parameters;
    const values: readonly Value[] = parameters.length === 1 && Array.isArray(only) ? only : parameters;
    scope.budget.spend(values.length);
    let best: Value = null;
    for (const value of values) {
      if (value !== null && (best === null || order(value, best) * sign > 0)) best = value;
    }
    return best;
  };
}

const toNumber: Call = ([value = null]) => {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  const decimal = typeof value === 'string' ? parseDecimal(value) : undefined;
  return decimal ? plainValue(decimal) : null;
};

export const NUMBER_FUNCTIONS: readonly FunctionDefinition[] = [
  defined('round(number, [places])', rounding('half')),
  defined('floor(number)', rounding('floor')),
  defined('ceil(number)', rounding('ceil')),
  defined('abs(number)', absolute),
  defined('min(value, …)', extreme(-1)),
  defined('max(value, …)', extreme(1)),
  defined('to_number(value)', toNumber),
  defined('to_boolean(value)', ([value = null]) => booleanOf(value) ?? null),
];
