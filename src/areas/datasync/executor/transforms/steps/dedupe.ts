import { randomInt } from 'node:crypto';
import type { Row, Value } from '../../pipeline/contracts.ts';
import { Budget, BudgetError } from '../budget.ts';
import { type FieldReader, pathReader } from '../fields.ts';
import type { Dedupe } from '../spec.ts';
import { type Findings, type Flow, perRow, RunFailure, type Step } from '../step.ts';
import { SeenKeys } from '../values/seen-keys.ts';
import { textOf } from '../values/text.ts';

/** 130 MB while its table is doubled the last time, 90 MB after. */
const MOST_KEYS = 5_000_000;

/** Drops records whose key was there before. Those without any value in their key are different from all others. */
export function dedupe({ fields, keep = 'first' }: Dedupe): Step {
  const readers = fields.map(pathReader);
  const budget = new Budget();
  const keyed = (row: Row, place: number, findings: Findings): string | null | undefined => {
    budget.refill();
    try {
      return keyOf(row, readers, budget);
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      findings.reject(place, `its key is too large to be compared: ${error.message}`);
      return undefined;
    }
  };
  return keep === 'first' ? firstOfRun(keyed) : lastOfBatch(keyed);
}

/** @returns null for a record without a key, undefined for one that was refused */
type Keyed = (row: Row, place: number, findings: Findings) => string | null | undefined;

function firstOfRun(keyed: Keyed): Step {
  const seen = new SeenKeys(MOST_KEYS, randomInt(2 ** 32));
  const step = perRow(false, (row, place, findings) => {
    const key = keyed(row, place, findings);
    if (key === undefined) return undefined;
    return key === null || isNew(seen, key) ? row : undefined;
  });
  return { ...step, remembers: true };
}

function isNew(seen: SeenKeys, key: string): boolean {
  try {
    return seen.add(key);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RunFailure(`dedupe cannot remember ${error.message}; upsert by these fields, or keep the last instead`);
  }
}

function lastOfBatch(keyed: Keyed): Step {
  const apply = (flow: Flow, findings: Findings): void => {
    const keys = flow.rows.map((row, index) => keyed(row, flow.places[index] ?? 0, findings));
    const last = new Map(keys.map((key, index) => [key, index]));
    const stays = (index: number) =>
      keys[index] === null || (keys[index] !== undefined && last.get(keys[index]) === index);
    flow.rows = flow.rows.filter((_row, index) => stays(index));
    flow.places = flow.places.filter((_place, index) => stays(index));
  };
  return { edits: false, remembers: false, apply };
}

/** The key's values one after the other, each with its kind and length, so that no two keys read the same. */
function keyOf(row: Row, readers: readonly FieldReader[], budget: Budget): string | null {
  let key = '';
  let empty = true;
  for (const read of readers) {
    const value = read(row) ?? null;
    if (value !== null) empty = false;
    key += part(value, budget);
  }
  return empty ? null : key;
}

function part(value: Value, budget: Budget): string {
  if (value === null) return '-';
  const text = textOf(value, budget);
  const kind = typeof value === 'string' ? 't' : typeof value === 'number' || typeof value === 'bigint' ? 'n' : 'o';
  return `${kind}${text.length}:${text}`;
}
