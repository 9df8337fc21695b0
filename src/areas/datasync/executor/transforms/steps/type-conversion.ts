import { Budget, BudgetError } from '../budget.ts';
import { setField, topReader } from '../fields.ts';
import type { Conversion, TypeConversion } from '../spec.ts';
import { compiled, type FieldTypes, perRow, type Step } from '../step.ts';
import { castTo } from '../values/cast.ts';
import { kindOf } from '../values/text.ts';

/** Converts fields that are there and not null. */
export function typeConversion({ fields }: TypeConversion): Step {
  const budget = new Budget();
  const casts = Object.entries(fields).map(([name, given]) => {
    const conversion: Conversion = typeof given === 'string' ? { type: given } : given;
    const { type, format, timezone, on_error: onError = 'null' } = conversion;
    return {
      name,
      type,
      onError,
      read: topReader(name),
      cast: compiled(`fields.${name}`, () => castTo(type, format, timezone)),
    };
  });
  const step = perRow(true, (row, place, findings) => {
    for (const { name, type, onError, read, cast } of casts) {
      const value = read(row);
      if (value === undefined || value === null) continue;
      budget.refill();
      const converted = bounded(() => cast(value, budget));
      if (converted !== undefined) {
        if (converted !== value) setField(row, name, converted);
        continue;
      }
      const problem = `this ${kindOf(value)} cannot be converted to ${type}`;
      if (onError === 'reject') {
        findings.reject(place, `${name}: ${problem}`, name);
        return undefined;
      }
      findings.note(name, `${problem}; it ${onError === 'null' ? 'became null' : 'was kept as it is'}`);
      if (onError === 'null') setField(row, name, null);
    }
    return row;
  });
  const types = (before: FieldTypes) => {
    const after = new Map(before);
    for (const { name, type, onError } of casts) {
      if (onError === 'keep') after.delete(name);
      else after.set(name, type);
    }
    return after;
  };
  return { ...step, types };
}

/** What is too large to be converted cannot be. */
function bounded<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof BudgetError) return undefined;
    throw error;
  }
}
