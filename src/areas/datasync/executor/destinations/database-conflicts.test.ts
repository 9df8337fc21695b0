import { describe, expect, it } from 'vitest';
import { type ConflictStrategy, decide } from './database-conflicts.ts';

/** Three columns: what of source (1) and target (2) differs from the base, and from each other (4). */
const decided = (changed: number[], strategy: ConflictStrategy, stale = false, mask?: string) =>
  decide({ row: 0, changed, stale, base: '{}', source: '{}', target: '{}' }, mask, strategy);

describe('conflicts', () => {
  it('takes the source where the target is as it was', () => {
    expect(decided([0, 5, 0], 'manual')).toEqual({ mask: undefined, conflict: undefined });
  });

  it('keeps the target where the source has nothing new', () => {
    expect(decided([0, 6, 0], 'timestamp')).toEqual({ mask: '222', conflict: undefined });
  });

  it('decides by strategy where both have changed', () => {
    const both = [5, 6, 7];
    const version = (resolution: string) => ({ conflict_type: 'version', resolution });
    expect(decided(both, 'target_wins')).toEqual({ mask: '222', conflict: version('target_wins') });
    expect(decided(both, 'timestamp')).toEqual({ mask: undefined, conflict: version('source_wins') });
    expect(decided(both, 'field_merge')).toEqual({ mask: '020', conflict: version('merged') });
    expect(decided(both, 'manual')).toEqual({ mask: '111', conflict: version('pending') });
  });

  it('keeps out what is older, whether or not the target has changed', () => {
    const stale = { conflict_type: 'stale', resolution: 'target_wins' };
    expect(decided([5, 0, 0], 'timestamp', true)).toEqual({ mask: '222', conflict: stale });
    expect(decided([5, 0, 0], 'field_merge', true)).toEqual({ mask: '222', conflict: stale });
    expect(decided([5, 0, 0], 'manual', true).conflict).toEqual({ ...stale, resolution: 'pending' });
  });

  it('takes a field that a row does not have for no change of it', () => {
    expect(decided([7, 0, 0], 'manual', false, '100')).toEqual({ mask: '122', conflict: undefined });
    expect(decided([7, 5, 6], 'field_merge', false, '100').mask).toBe('102');
  });
});
