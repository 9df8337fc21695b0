import type { ColumnType, Row } from '../../pipeline/contracts.ts';
import { pathReader, setField } from '../fields.ts';
import type { FieldMapping } from '../spec.ts';
import { type FieldTypes, perRow, type Step, StepError } from '../step.ts';

/**
 * Renames fields, all at once, so that two may swap their names. A source that a record lacks leaves its target absent:
 * an upsert then leaves it alone.
 */
export function fieldMapping({ mappings, drop_unmapped: dropUnmapped = false }: FieldMapping): Step {
  const pairs = Object.entries(mappings).map(([source, target]) => ({ source, target, read: pathReader(source) }));
  const targets = new Map<string, string>();
  for (const { source, target } of pairs) {
    const other = targets.get(target);
    if (other !== undefined) throw new StepError(`mappings.${source}`, `${other} is mapped to ${target} already`);
    targets.set(target, source);
  }
  const sources = new Set(Object.keys(mappings));
  const step = perRow(false, (row) => {
    const mapped: Row = {};
    if (!dropUnmapped) {
      for (const name of Object.keys(row)) {
        const value = row[name];
        if (!sources.has(name) && value !== undefined) setField(mapped, name, value);
      }
    }
    for (const { target, read } of pairs) {
      const value = read(row);
      if (value !== undefined) setField(mapped, target, value);
    }
    return mapped;
  });
  const types = (before: FieldTypes) => {
    const after = new Map<string, ColumnType>(
      dropUnmapped ? [] : [...before].filter(([name]) => !sources.has(name) && !targets.has(name)),
    );
    for (const { source, target } of pairs) {
      const type = before.get(source);
      if (type !== undefined) after.set(target, type);
    }
    return after;
  };
  return { ...step, types };
}
