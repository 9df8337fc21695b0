import type { Value } from '../../pipeline/contracts.ts';
import { OperationError, type Scope } from './scope.ts';

/** Runs a function: its parameters are evaluated, as many as its definition allows. */
export type Call = (parameters: readonly Value[], scope: Scope) => Value;

export interface FunctionDefinition {
  /** How it is called, as in `lower(text)`; parameters in [ ] may be left out, … stands for any number. */
  readonly usage: string;
  readonly least: number;
  readonly most: number;
  /**
   * Makes the call, once for each place in an expression.
   * @param constants values of the parameters that are literals, undefined for the others
   * @throws OperationError, RangeError or PatternError for a literal that cannot work
   */
  prepare(constants: readonly (Value | undefined)[]): Call;
}

/** A function that needs nothing prepared. The numbers of its parameters follow from `usage`. */
export function defined(usage: string, call: Call): FunctionDefinition {
  return prepared(usage, () => call);
}

export function prepared(usage: string, prepare: FunctionDefinition['prepare']): FunctionDefinition {
  const inside = usage.slice(usage.indexOf('(') + 1, -1);
  const named = inside.match(/\p{L}+/gu)?.length ?? 0;
  const optional = inside.match(/\[/g)?.length ?? 0;
  return { usage, least: named - optional, most: inside.includes('…') ? Infinity : named, prepare };
}

/**
 * The text of a parameter that decides what a function does: it must be a literal, so that it is looked at once.
 * @returns undefined when it was left out
 */
export function literalText(
  constants: readonly (Value | undefined)[],
  index: number,
  what: string,
): string | undefined {
  if (index >= constants.length) return undefined;
  const value = constants[index];
  if (typeof value === 'string') return value;
  throw new OperationError(`the ${what} must be a text in single quotes`);
}
