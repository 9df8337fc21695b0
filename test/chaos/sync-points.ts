import type { Random } from './random.ts';
import type { Moment } from './sync-gate.ts';

/** The points of a sync at which somebody is struck, in their order. */
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

/** Where a worker that stands still holds nothing that others may wait for. */
export const AT_REST: readonly SyncPoint[] = [
  'after it has opened',
  'before a batch is written',
  'after a batch is committed',
];

/** What an undisturbed run has asked. */
export interface Trace {
  /** Of the database that it writes to. */
  readonly rows: readonly string[];
  /** Of the service that it reads. */
  readonly reads: readonly string[];
}

/** A moment of one of its conversations. */
export interface Aim extends Moment {
  readonly gate: keyof Trace;
}

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

function momentsIn(point: SyncPoint, trace: readonly string[], batches: number): number[] {
  const saves = trace.flatMap((text, index) => (SAVE.test(text) ? [index] : [])).slice(0, batches);
  const commits = saves.map((save) => indexAfter(trace, save, COMMIT));
  const finishing = (commits.at(-1) ?? 0) + 1;
  switch (point) {
    case 'before it opens':
      return [0];
    case 'after it has opened':
      return [indexAfter(trace, indexAfter(trace, 0, FENCE), COMMIT)];
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
    case 'while it reads':
      return [];
  }
}

/**
 * Where the points of a kind are in what an undisturbed run has asked: each statement of it is at one.
 * @param batches how many the run has written
 */
export function aimsAt(point: SyncPoint, { rows, reads }: Trace, batches: number): Aim[] {
  if (point === 'while it reads') {
    return reads.flatMap((_, at) =>
      (['before', 'after'] as const).map((when) => ({ gate: 'reads', at, when }) as const),
    );
  }
  const after: readonly SyncPoint[] = ['after it has opened', 'after rows are staged', 'after a batch is committed'];
  const when = after.includes(point) ? 'after' : 'before';
  return momentsIn(point, rows, batches)
    .filter((at) => at >= 0)
    .map((at) => ({ gate: 'rows', at, when }));
}

/** Any moment at all, of what is written where something is asked for that. */
export function anyAim(trace: Trace, random: Random): Aim {
  const gate = trace.rows.length > 0 ? 'rows' : 'reads';
  return { gate, at: random.integer(0, trace[gate].length - 1), when: random.chance(0.5) ? 'before' : 'after' };
}
