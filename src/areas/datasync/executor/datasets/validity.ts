/** Rules and types as SQL conditions: whether a value is what a column is to hold, judged where the values lie. */
import { quoteText } from '../destinations/postgresql/session.ts';
import type { ColumnType } from '../pipeline/contracts.ts';
import type { ColumnRule } from './dataset-schema.ts';

const DAY_OF_YEAR =
  '((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))';
const LEAP_DAY = '([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29';
/** Days of the calendar and no others: a cast of what matches does not fail. */
const DATE = `((?!0000)[0-9]{4}-${DAY_OF_YEAR}|(?!0000)${LEAP_DAY})`;
const ZONE = '(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?';

/** How texts look that can be cast to a type without an error. */
const TEXT_FORMS: Readonly<Partial<Record<ColumnType, string>>> = {
  boolean: '^(true|false)$',
  integer: '^-?[0-9]{1,18}$',
  number: '^-?[0-9]{1,255}([.][0-9]{1,255})?$',
  decimal: '^-?[0-9]{1,255}([.][0-9]{1,255})?$',
  date: `^${DATE}$`,
  timestamp: `^${DATE}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?${ZONE})?$`,
};

/** Which types hold all values of another exactly. */
const HELD: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  number: ['integer'],
  decimal: ['integer', 'number'],
  timestamp: ['date'],
};

/**
 * @param value an SQL expression of type `is`, not null where it matters
 * @returns a condition: whether it is, or says, a value of type `wanted`; `true` where it always does
 */
export function fitsType(value: string, is: ColumnType, wanted: ColumnType): string {
  if (is === wanted || wanted === 'text' || HELD[wanted]?.includes(is)) return 'true';
  if (wanted === 'integer' && (is === 'number' || is === 'decimal')) {
    return `(${value} = trunc(${value}) AND abs(${value}) < 9e15)`;
  }
  if (wanted === 'number' && is === 'decimal') return 'true';
  const form = TEXT_FORMS[wanted];
  return is === 'text' && form !== undefined ? `(${value} ~ ${quoteText(form)})` : 'false';
}

function isNumeric(type: ColumnType): boolean {
  return type === 'integer' || type === 'number' || type === 'decimal';
}

/**
 * @param value an SQL expression of type `is`
 * @returns a condition that is never null: whether the value, null included, breaks no rule
 */
export function obeys(value: string, is: ColumnType, rule: ColumnRule): string {
  const conditions: string[] = [];
  const fits = fitsType(value, is, rule.type);
  if (fits !== 'true') conditions.push(fits);
  const { min, max, max_length, values } = rule;
  if (isNumeric(rule.type) && (min !== undefined || max !== undefined)) {
    const bounds = [
      ...(min === undefined ? [] : [`${value}::numeric >= ${numeral(min)}`]),
      ...(max === undefined ? [] : [`${value}::numeric <= ${numeral(max)}`]),
    ].join(' AND ');
    // In this order: what is no number must not be cast.
    conditions.push(`CASE WHEN ${fits} THEN ${bounds} ELSE false END`);
  }
  if (max_length !== undefined) conditions.push(`char_length(${value}::text) <= ${max_length}`);
  if (values !== undefined) conditions.push(`${value}::text IN (${values.map(quoteText).join(', ')})`);
  const ifNull = rule.required === true ? 'false' : 'true';
  if (conditions.length === 0) return rule.required === true ? `(${value} IS NOT NULL)` : 'true';
  return `(CASE WHEN ${value} IS NULL THEN ${ifNull} ELSE ${conditions.join(' AND ')} END)`;
}

function numeral(number: number): string {
  return `${quoteText(String(number))}::numeric`;
}
