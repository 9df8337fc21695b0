import type { Json } from '../../../../protocol/executor.ts';
import { parseJson } from '../json-text.ts';
import type { FoundConflict } from '../pipeline/contracts.ts';
import { jsonValue } from '../pipeline/json-of.ts';
import { ABSENT, type Contender, KEEP, TAKE } from './database-engine.ts';

export type ConflictStrategy = 'source_wins' | 'target_wins' | 'timestamp' | 'field_merge' | 'manual';

/** What is to become of a row that differs from the one that is already there. */
export interface Decision {
  /** A character for each column; undefined = the source's row is taken as it is. */
  readonly mask: string | undefined;
  readonly conflict: Pick<FoundConflict, 'conflict_type' | 'resolution'> | undefined;
}

const SOURCE_CHANGED = 1;
const TARGET_CHANGED = 2;

/**
 * A conflict is a row that somebody else changed since the last sync while the source changed too (`version`), or one
 * that comes from the source older than it already is (`stale`). What only one side changed is no conflict: the
 * target's change stays until the source has something new to say.
 * @param mask of the row as it came: absent fields change nothing
 */
export function decide(contender: Contender, mask: string | undefined, strategy: ConflictStrategy): Decision {
  const { changed, stale } = contender;
  const isAbsent = (at: number) => mask?.[at] === ABSENT;
  const some = (bit: number) => changed.some((bits, at) => (bits & bit) !== 0 && !isAbsent(at));
  const each = (choose: (bits: number) => string) =>
    changed.map((bits, at) => (isAbsent(at) ? ABSENT : choose(bits))).join('');
  const keepAll = () => each(() => KEEP);
  if (!some(SOURCE_CHANGED)) return { mask: keepAll(), conflict: undefined };
  if (!stale && !some(TARGET_CHANGED)) return { mask, conflict: undefined };
  const conflict_type = stale ? 'stale' : 'version';
  if (strategy === 'manual') {
    // The base stays too: the next sync finds the same conflict until somebody has decided.
    return { mask: each(() => ABSENT), conflict: { conflict_type, resolution: 'pending' } };
  }
  if (strategy === 'target_wins' || stale) {
    return { mask: keepAll(), conflict: { conflict_type, resolution: 'target_wins' } };
  }
  if (strategy === 'field_merge') {
    // What both changed is the source's.
    const merged = each((bits) => ((bits & TARGET_CHANGED) !== 0 && (bits & SOURCE_CHANGED) === 0 ? KEEP : TAKE));
    return { mask: merged, conflict: { conflict_type, resolution: 'merged' } };
  }
  return { mask, conflict: { conflict_type, resolution: 'source_wins' } };
}

/** @param record_id of the row */
export function conflictOf(
  record_id: string,
  contender: Contender,
  conflict: NonNullable<Decision['conflict']>,
): FoundConflict {
  const parse = (text: string | null): Json => (text === null ? null : jsonValue(parseJson(text)));
  const { base, source, target } = contender;
  return { record_id, ...conflict, base: parse(base), source: parse(source), target: parse(target) };
}
