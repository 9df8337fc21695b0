import { isJsonObject, type Json, type JsonObject } from '../../../api/sync-model.ts';

/** One column of a row that both sides have changed. */
export interface ConflictField {
  readonly name: string;
  readonly base: Json | undefined;
  readonly source: Json | undefined;
  readonly target: Json | undefined;
  /** Whether the two sides say different things. */
  readonly differs: boolean;
}

const same = (a: Json | undefined, b: Json | undefined) => JSON.stringify(a) === JSON.stringify(b);

/** The columns of all three, those that differ first. */
export function conflictFields(conflict: { base?: unknown; source?: unknown; target?: unknown }): ConflictField[] {
  const [base, source, target] = [conflict.base, conflict.source, conflict.target].map(
    (row): JsonObject => (isJsonObject(row) ? row : {}),
  ) as [JsonObject, JsonObject, JsonObject];
  const names = [...new Set([...Object.keys(source), ...Object.keys(target), ...Object.keys(base)])];
  const fields = names.map((name) => ({
    name,
    base: base[name],
    source: source[name],
    target: target[name],
    // What only one side has (a column that the other does not know) is no disagreement.
    differs: name in source && name in target && !same(source[name], target[name]),
  }));
  return fields.toSorted((a, b) => Number(b.differs) - Number(a.differs));
}

/** A value as somebody reads and types it; a text as it is, anything else as JSON. */
export function shownValue(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What was typed over `before`: of its type where that can be, a text otherwise. */
export function typedValue(text: string, before: Json | undefined): Json {
  if (typeof before === 'string') return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
