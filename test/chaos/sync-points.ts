import type { Random } from './random.ts';
import type { Moment } from './sync-gate.ts';

/** The points of a sync at which somebody is killed, in their order. */
export const SYNC_POINTS = [
  'before it opens',
  'after it has opened',
  'while it reads',
  'before a batch is written',
  'after rows are staged',
  'before a batch is committed',
  'after a batch is committed',
  'while it finishes',
  'after it has finished',
] as const;
export type SyncPoint = (typeof SYNC_POINTS)[number];

const FENCE = /_longshore_sync\b\S* SET run_id/;
const SAVE = /^UPDATE \S*_longshore_sync\b\S* SET state/;
const BEGIN = /^(BEGIN|START TRANSACTION)/;
const COMMIT = /^COMMIT/;
const STAGED = /^the end of what is/;

function indexAfter(trace: readonly string[], from: number, wanted: RegExp): number {
  return trace.findIndex((text, index) => index > from && wanted.test(text));
}

function indexBefore(trace: readonly string[], from: number, wanted: RegExp): number {
  return trace.findLastIndex((text, index) => index < from && wanted.test(text));
}

/**
 * Where the points of a kind are in what an undisturbed run has asked of its database: each statement of it is at one.
 * @param batches how many the run has written
 */
export function momentsOf(point: SyncPoint, trace: readonly string[], batches: number): Moment[] {
  const saves = trace.flatMap((text, index) => (SAVE.test(text) ? [index] : [])).slice(0, batches);
  const commits = saves.map((save) => indexAfter(trace, save, COMMIT));
  const finishing = (commits.at(-1) ?? 0) + 1;
  const moment = (when: Moment['when']) => (at: number) => ({ at, when });
  const all = (): number[] => {
    switch (point) {
      case 'before it opens':
        return [0];
      case 'after it has opened':
        return [indexAfter(trace, indexAfter(trace, 0, FENCE), COMMIT)];
      case 'while it reads':
        return [];
      case 'before a batch is written':
        return saves.map((save) => indexBefore(trace, save, BEGIN));
      case 'after rows are staged':
        return saves.map((save) => indexBefore(trace, save, STAGED));
      case 'before a batch is committed':
      case 'after a batch is committed':
        return commits;
      case 'while it finishes':
        return trace.flatMap((_, index) => (index >= finishing && index < trace.length - 1 ? [index] : []));
      case 'after it has finished':
        return [trace.length - 1];
    }
  };
  const after: readonly SyncPoint[] = ['after it has opened', 'after rows are staged', 'after a batch is committed'];
  return all()
    .filter((at) => at >= 0)
    .map(moment(after.includes(point) ? 'after' : 'before'));
}

/** Any moment at all. */
export function anyMoment(trace: readonly string[], random: Random): Moment {
  return { at: random.integer(0, trace.length - 1), when: random.chance(0.5) ? 'before' : 'after' };
}
