import { ExpressionError } from '../expression/error.ts';
import { Expression } from '../expression/expression.ts';
import { setField } from '../fields.ts';
import type { Computed, Filter } from '../spec.ts';
import { compiled, perRow, type Step, type StepOptions } from '../step.ts';

/** Lets records through for which the expression is true. */
export function filter({ expression: source }: Filter, { now }: StepOptions): Step {
  const expression = compiled('expression', () => new Expression(source, now));
  return perRow(false, (row, place, findings) => {
    try {
      return expression.holds(row) ? row : undefined;
    } catch (error) {
      findings.reject(place, reasonOf(error));
      return undefined;
    }
  });
}

/** Sets a field to what the expression gives. */
export function computed({ field, expression: source, on_error: onError }: Computed, { now }: StepOptions): Step {
  const expression = compiled('expression', () => new Expression(source, now));
  const step = perRow(true, (row, place, findings) => {
    try {
      setField(row, field, expression.evaluate(row));
    } catch (error) {
      const reason = reasonOf(error);
      if (onError !== 'null') {
        findings.reject(place, reason, field);
        return undefined;
      }
      findings.note(field, reason);
      setField(row, field, null);
    }
    return row;
  });
  return { ...step, types: (before) => new Map([...before].filter(([name]) => name !== field)) };
}

/** @throws whatever is no error of an expression */
function reasonOf(error: unknown): string {
  if (error instanceof ExpressionError) return error.message;
  throw error;
}
