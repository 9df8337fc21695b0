import type { Value } from '../../pipeline/contracts.ts';
import { Budget, BudgetError } from '../budget.ts';
import { type FieldReader, pathReader, setField, topReader } from '../fields.ts';
import { Pattern } from '../pattern/pattern.ts';
import type { ValueTransform } from '../spec.ts';
import { compiled, type FieldTypes, perRow, type Step, StepError } from '../step.ts';
import { sha256 } from '../values/hash.ts';
import { replaced, textOf } from '../values/text.ts';
import { type Template, templateOf } from './template.ts';

/** After the others, a field of what was a number or a time holds text. */
const KEEP_TYPE: readonly ValueTransform['op'][] = ['trim', 'upper', 'lower', 'default'];

/** @returns the new value; undefined leaves the field as it is */
type Operation = (value: Value | undefined, row: Parameters<FieldReader>[0], budget: Budget) => Value | undefined;

/** Changes the values of some fields. Absent fields stay absent, except for `default` and `template`. */
export function valueTransform(config: ValueTransform): Step {
  const names = fieldsOf(config);
  const operation = operationOf(config);
  const budget = new Budget();
  const readers = names.map((name) => ({ name, read: topReader(name) }));
  const step = perRow(true, (row, place, findings) => {
    for (const { name, read } of readers) {
      budget.refill();
      try {
        const value = read(row);
        const changed = operation(value, row, budget);
        if (changed !== undefined && changed !== value) setField(row, name, changed);
      } catch (error) {
        if (!(error instanceof BudgetError)) throw error;
        findings.reject(place, `${name}: ${error.message}`, name);
        return undefined;
      }
    }
    return row;
  });
  const types = (before: FieldTypes) => new Map([...before].filter(([name]) => !names.includes(name)));
  return KEEP_TYPE.includes(config.op) ? step : { ...step, types };
}

function fieldsOf({ field, fields }: ValueTransform): readonly string[] {
  if ((field === undefined) === (fields === undefined)) throw new StepError('field', 'give either field or fields');
  return fields ?? (field === undefined ? [] : [field]);
}

function operationOf(config: ValueTransform): Operation {
  switch (config.op) {
    case 'trim':
      return ofText((text) => text.trim());
    case 'upper':
      return ofText((text) => text.toUpperCase());
    case 'lower':
      return ofText((text) => text.toLowerCase());
    case 'replace':
      return replacing(config);
    case 'default': {
      const { value, empty = false } = config;
      const isMissing = (given: Value | undefined) =>
        given === undefined || given === null || (empty && typeof given === 'string' && given.trim() === '');
      return (given) => (isMissing(given) ? value : undefined);
    }
    case 'template':
      return templated(compiled('template', () => templateOf(config.template)));
    case 'hash': {
      const { salt = '' } = config;
      return (value, _row, budget) => present(value) && sha256(textOf(value ?? null, budget), salt);
    }
    case 'mask': {
      const { keep_first: first = 0, keep_last: last = 0 } = config;
      return (value, _row, budget) => present(value) && masked(textOf(value ?? null, budget), first, last);
    }
  }
}

/** Whether there is something to work on; undefined when not, so that the field is left as it is. */
function present(value: Value | undefined): true | undefined {
  return value === undefined || value === null ? undefined : true;
}

/** Works on texts; other values stay as they are. */
function ofText(work: (text: string) => string): Operation {
  return (value) => (typeof value === 'string' ? work(value) : undefined);
}

function replacing(config: ValueTransform & { op: 'replace' }): Operation {
  const { search, pattern: source, replacement } = config;
  if (search !== undefined && source === undefined) {
    return (value, _row, budget) =>
      typeof value === 'string' ? replaced(value, search, replacement, budget) : undefined;
  }
  if (search !== undefined || source === undefined) throw new StepError('search', 'give either search or pattern');
  const pattern = compiled('pattern', () => new Pattern(source));
  return (value, _row, budget) =>
    typeof value === 'string' ? pattern.replaceAll(value, replacement, budget) : undefined;
}

function templated(template: Template): Operation {
  const parts = template.map((part) => (typeof part === 'string' ? part : pathReader(part.field)));
  return (_value, row, budget) => {
    let text = '';
    for (const part of parts) {
      text += typeof part === 'string' ? part : textOf(part(row) ?? null, budget);
      budget.refuseText(text.length);
    }
    return text;
  };
}

/** Keeps the ends, unless that would keep all: what is short is hidden whole. */
function masked(text: string, first: number, last: number): string {
  const characters = Array.from(text);
  if (characters.length <= first + last) return '*'.repeat(characters.length);
  const hidden = '*'.repeat(characters.length - first - last);
  const ending = last === 0 ? [] : characters.slice(-last);
  return characters.slice(0, first).join('') + hidden + ending.join('');
}
