import { isValueMap } from '../../json-pointer.ts';
import type { Row, Value } from '../../pipeline/contracts.ts';
import { setField } from '../fields.ts';
import type { Flatten } from '../spec.ts';
import { perRow, type Step } from '../step.ts';

/** Most fields of a record; databases take fewer columns than that. */
const MOST_FIELDS = 5000;

class Refusal extends Error {}

/**
 * Takes nested objects apart: `{a: {b: 1}}` becomes `a_b`. What lies deeper than `max_depth` stays one value; an empty
 * object or list that would be taken apart leaves no field.
 */
export function flatten(config: Flatten): Step {
  const { fields, separator = '_', max_depth: deepest = 10, arrays = 'json' } = config;
  const wanted = fields && new Set(fields);
  const isNested = (value: Value) => isValueMap(value) || (arrays === 'indexed' && Array.isArray(value));

  const put = (flat: Row, name: string, value: Value, depth: number, count: { fields: number }): void => {
    if (depth < deepest && isNested(value)) {
      for (const [key, item] of Object.entries(value as Readonly<Record<string, Value>>)) {
        put(flat, `${name}${separator}${key}`, item, depth + 1, count);
      }
      return;
    }
    if (Object.hasOwn(flat, name)) throw new Refusal(`it has two fields that are both called ${name} when flattened`);
    count.fields += 1;
    if (count.fields > MOST_FIELDS) throw new Refusal(`it has more than ${MOST_FIELDS} fields when flattened`);
    setField(flat, name, value);
  };

  return perRow(false, (row, place, findings) => {
    const names = Object.keys(row);
    if (!names.some((name) => isNested(row[name] ?? null))) return row;
    const flat: Row = {};
    const count = { fields: 0 };
    try {
      for (const name of names) {
        const depth = wanted === undefined || wanted.has(name) ? 0 : deepest;
        put(flat, name, row[name] ?? null, depth, count);
      }
      return flat;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      findings.reject(place, error.message);
      return undefined;
    }
  });
}
