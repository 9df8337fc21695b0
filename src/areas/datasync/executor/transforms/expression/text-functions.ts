import type { Value } from '../../pipeline/contracts.ts';
import { Pattern } from '../pattern/pattern.ts';
import { sha256 } from '../values/hash.ts';
import { characterCount, kindOf, replaced, textOf } from '../values/text.ts';
import { type Call, defined, type FunctionDefinition, literalText, prepared } from './definition.ts';
import { equal } from './operators.ts';
import { OperationError, type Scope } from './scope.ts';

/** A parameter as text; lists and objects are most likely a mistake. */
function asText(value: Value | undefined, scope: Scope): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  if (typeof value === 'object' && !(value instanceof Date)) {
    throw new OperationError(`expected text, found ${kindOf(value)}; use to_text(…)`);
  }
  return textOf(value, scope.budget);
}

/** A function of texts that gives null when any of them is null. */
function ofTexts(usage: string, work: (texts: readonly string[], scope: Scope) => Value): FunctionDefinition {
  return defined(usage, (parameters, scope) => {
    if (parameters.includes(null)) return null;
    const texts = parameters.map((parameter) => asText(parameter, scope));
    for (const text of texts) scope.budget.spendText(text.length);
    return work(texts, scope);
  });
}

function ofText(usage: string, work: (text: string) => string): FunctionDefinition {
  return ofTexts(usage, ([text = ''], scope) => scope.budget.text(work(text)));
}

function whole(value: Value | undefined, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new OperationError(`the ${what} must be a whole number`);
}

const lengthOf: Call = ([value = null], scope) => {
  if (value === null) return null;
  if (Array.isArray(value)) return value.length;
  const text = asText(value, scope);
  scope.budget.spendText(text.length);
  return characterCount(text);
};

const substring: Call = ([value = null, from = null, length], scope) => {
  if (value === null || from === null || length === null) return null;
  const text = asText(value, scope);
  // Taking a long text apart costs far more than reading it.
  scope.budget.spend(1 + text.length / 8);
  const characters = Array.from(text);
  const start = whole(from, 'start');
  const begin = start < 0 ? Math.max(0, characters.length + start) : start;
  const end = length === undefined ? undefined : begin + Math.max(0, whole(length, 'length'));
  return characters.slice(begin, end).join('');
};

function split([text = '', separator = '']: readonly string[], scope: Scope): Value {
  const parts = text.split(separator, 10_001);
  scope.budget.refuseList(parts.length);
  scope.budget.spend(parts.length);
  return parts;
}

const join: Call = ([list = null, separator = null], scope) => {
  if (list === null) return null;
  if (!Array.isArray(list)) throw new OperationError(`join takes a list, found ${kindOf(list)}`);
  const between = asText(separator, scope);
  return pasted(list as readonly Value[], between, scope);
};

function pasted(values: readonly Value[], between: string, scope: Scope): string {
  const texts: string[] = [];
  let length = 0;
  for (const value of values) {
    if (value === null) continue;
    scope.budget.spend(1);
    const text = asText(value, scope);
    length += text.length + between.length;
    scope.budget.refuseText(length);
    texts.push(text);
  }
  return scope.budget.text(texts.join(between));
}

const contains: Call = ([value = null, part = null], scope) => {
  if (value === null || part === null) return null;
  if (Array.isArray(value)) return value.some((item: Value) => equal(item, part, scope.budget));
  const text = asText(value, scope);
  scope.budget.spendText(text.length);
  return text.includes(asText(part, scope));
};

function matching(constants: readonly (Value | undefined)[]): Call {
  const pattern = new Pattern(literalText(constants, 1, 'pattern') ?? '');
  return ([value = null], scope) => (value === null ? null : pattern.test(asText(value, scope), scope.budget));
}

export const TEXT_FUNCTIONS: readonly FunctionDefinition[] = [
  ofText('lower(text)', (text) => text.toLowerCase()),
  ofText('upper(text)', (text) => text.toUpperCase()),
  ofText('trim(text)', (text) => text.trim()),
  defined('length(text)', lengthOf),
  defined('substr(text, start, [length])', substring),
  ofTexts('replace(text, search, replacement)', ([text = '', search = '', replacement = ''], scope) =>
    replaced(text, search, replacement, scope.budget),
  ),
  defined('concat(value, …)', (values, scope) => pasted(values, '', scope)),
  defined('contains(text, part)', contains),
  ofTexts('starts_with(text, start)', ([text = '', start = '']) => text.startsWith(start)),
  ofTexts('ends_with(text, end)', ([text = '', end = '']) => text.endsWith(end)),
  ofTexts('split(text, separator)', split),
  defined('join(list, separator)', join),
  prepared('matches(text, pattern)', matching),
  defined('to_text(value)', ([value = null], scope) => (value === null ? null : textOf(value, scope.budget))),
  ofTexts('hash(value, [salt])', ([text = '', salt = '']) => sha256(text, salt)),
];
