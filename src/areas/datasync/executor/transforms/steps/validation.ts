import type { ColumnType, Row, Value } from '../../pipeline/contracts.ts';
import { Budget, BudgetError } from '../budget.ts';
import { ExpressionError } from '../expression/error.ts';
import { Expression } from '../expression/expression.ts';
import { equal, order } from '../expression/operators.ts';
import { OperationError } from '../expression/scope.ts';
import { type FieldReader, pathReader, setField } from '../fields.ts';
import { Pattern } from '../pattern/pattern.ts';
import type { Rule, Validation } from '../spec.ts';
import { compiled, type Findings, perRow, RunFailure, type Step, StepError, type StepOptions } from '../step.ts';
import { decimalOf, plainValue } from '../values/decimal.ts';
import { characterCount, kindOf } from '../values/text.ts';
import { parseTime } from '../values/time.ts';
import { UTC } from '../values/zone.ts';

/** Whether a value (not null) is as the rule says. */
type Check = (value: Value, budget: Budget) => boolean;

interface Compiled {
  readonly field: string | undefined;
  readonly expectation: string;
  readonly holds: (row: Row, budget: Budget) => boolean;
  readonly onFail: 'skip' | 'fail' | 'default';
  readonly fallback: Value;
}

/** Checks records by rules, in order; the first that a record breaks with `skip` decides. */
export function validation({ rules }: Validation, options: StepOptions): Step {
  const compiledRules = rules.map((rule, index) => compileRule(rule, `rules.${index}`, options));
  const budget = new Budget();
  return perRow(true, (row, place, findings) => {
    for (const rule of compiledRules) {
      const problem = problemOf(rule, row, budget);
      if (problem !== undefined && !isMended(rule, problem, row, place, findings)) return undefined;
    }
    return row;
  });
}

/** In words for the user; undefined when the rule is kept. */
function problemOf(rule: Compiled, row: Row, budget: Budget): string | undefined {
  budget.refill();
  try {
    return rule.holds(row, budget) ? undefined : rule.expectation;
  } catch (error) {
    const known = error instanceof BudgetError || error instanceof OperationError || error instanceof ExpressionError;
    if (!known) throw error;
    return `${rule.expectation} (${error.message})`;
  }
}

function isMended(rule: Compiled, problem: string, row: Row, place: number, findings: Findings): boolean {
  if (rule.onFail === 'fail') throw new RunFailure(problem);
  if (rule.onFail === 'skip' || rule.field === undefined) {
    findings.reject(place, problem, rule.field);
    return false;
  }
  setField(row, rule.field, rule.fallback);
  findings.note(rule.field, `${problem}; it got the default`);
  return true;
}

function compileRule(rule: Rule, at: string, options: StepOptions): Compiled {
  const { field, on_fail: onFail = 'skip', default: fallback } = rule;
  if ((onFail === 'default') !== (fallback !== undefined)) {
    throw new StepError(`${at}.default`, 'goes with on_fail "default", and that needs it');
  }
  if (onFail === 'default' && field === undefined) {
    throw new StepError(`${at}.field`, 'is required: which field gets the default');
  }
  if (onFail === 'default' && /^\/|\./.test(field ?? '')) {
    throw new StepError(`${at}.field`, 'a default goes into a field of the record itself; flatten it first');
  }
  const [expectation, holds] = conditionOf(rule, at, options);
  const common = { field, onFail, fallback: fallback ?? null, holds };
  return { ...common, expectation: rule.message ?? expectation };
}

type Condition = readonly [expectation: string, holds: (row: Row, budget: Budget) => boolean];

function conditionOf(rule: Rule, at: string, { now }: StepOptions): Condition {
  if (rule.rule === 'expression') {
    const expression = compiled(`${at}.value`, () => new Expression(rule.value, now));
    return [`${rule.value.slice(0, 200)} must be true`, (row) => expression.holds(row)];
  }
  const read = pathReader(rule.field);
  if (rule.rule === 'required') return [`${rule.field} is required`, (row) => !isBlank(read(row))];
  const [expectation, check] = checkOf(rule, at);
  return [`${rule.field} must ${expectation}`, whereThere(read, check)];
}

/** What is not there breaks no rule but `required`. */
function whereThere(read: FieldReader, check: Check): (row: Row, budget: Budget) => boolean {
  return (row, budget) => {
    const value = read(row);
    return value === undefined || value === null || check(value, budget);
  };
}

function isBlank(value: Value | undefined): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function checkOf(rule: Exclude<Rule, { rule: 'expression' | 'required' }>, at: string): [string, Check] {
  switch (rule.rule) {
    case 'type':
      return [`be of type ${rule.value}`, (value) => isOfType(value, rule.value)];
    case 'min':
      return [`be at least ${rule.value}`, bound(rule.value, `${at}.value`, (order) => order >= 0)];
    case 'max':
      return [`be at most ${rule.value}`, bound(rule.value, `${at}.value`, (order) => order <= 0)];
    case 'min_length':
      return [`have at least ${rule.value} characters`, (value) => lengthOf(value) >= rule.value];
    case 'max_length':
      return [`have at most ${rule.value} characters`, (value) => lengthOf(value) <= rule.value];
    case 'pattern': {
      const pattern = compiled(`${at}.value`, () => new Pattern(rule.value));
      return [`match ${rule.value}`, (value, budget) => typeof value === 'string' && pattern.test(value, budget)];
    }
    case 'enum':
      return [`be one of ${rule.value.map(String).join(', ').slice(0, 500)}`, among(rule.value)];
    case 'email':
      return ['be an email address', isEmail];
    case 'url':
      return ['be an http or https URL', isUrl];
  }
}

function among(values: readonly (string | number | boolean | null)[]): Check {
  const exact = new Set<Value>(values);
  const others = values.filter((value) => typeof value === 'number');
  return (value, budget) => exact.has(value) || others.some((known) => equal(value, known, budget));
}

/** Numbers are compared with numbers, times with times; a text that is neither has no place in an order. */
function bound(limit: number | string, at: string, fits: (order: number) => boolean): Check {
  const decimal = decimalOf(limit);
  const bound = decimal ? plainValue(decimal) : parseTime(String(limit), UTC);
  if (bound === undefined) throw new StepError(at, 'must be a number, or a time such as 2024-01-01');
  return (value) => {
    // Two texts have an order of their own, which is not meant here.
    if (decimal && typeof value === 'string' && !decimalOf(value)) return false;
    return fits(order(value, bound));
  };
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return characterCount(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  throw new OperationError(`it is no text but ${kindOf(value)}`);
}

function isOfType(value: Value, type: ColumnType): boolean {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
    case 'number':
      return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
    case 'decimal':
      return (
        (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') && !!decimalOf(value)
      );
    case 'text':
      return typeof value === 'string';
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && parseTime(value, UTC) !== undefined;
    case 'timestamp':
      return value instanceof Date || (typeof value === 'string' && parseTime(value, UTC) !== undefined);
    case 'json':
      return true;
    case 'binary':
      return value instanceof Uint8Array;
  }
}

const LONGEST_EMAIL = 254;
const LONGEST_LOCAL = 64;

/** An address as mail servers take them; the local part without quotes, a domain with a dot. */
function isEmail(value: Value): boolean {
  if (typeof value !== 'string' || value.length > LONGEST_EMAIL) return false;
  const at = value.lastIndexOf('@');
  if (at < 1 || at > LONGEST_LOCAL) return false;
  const labels = value.slice(at + 1).split('.');
  return (
    labels.length > 1 &&
    /^[^\s@"(),:;<>[\]\\]+$/.test(value.slice(0, at)) &&
    !/^\.|\.\.|\.$/.test(value.slice(0, at)) &&
    labels.every((label) => /^[\p{L}\p{N}-]{1,63}$/u.test(label) && !/^-|-$/.test(label))
  );
}

function isUrl(value: Value): boolean {
  return typeof value === 'string' && /^https?:\/\/[^\s]+$/i.test(value) && URL.canParse(value);
}
