/**
 * The states of a run, and what may follow what: the one place that knows. The types derive from the list, the SQL
 * guards are made of it, docs/state-machine.md is drawn from it, and a test tries every pair against the database.
 *
 * - scheduled: its time has not come       - queued: a worker may take it
 * - running: leased, an attempt is under way - retry_wait: failed, waits for its next attempt
 * - pausing: asked to stop at a checkpoint - paused: stopped there, waits for resume
 * - suspended: divided into other runs (its children), and ends when they have; no worker holds it meanwhile
 * - cancelling: asked to end, not yet gone - succeeded, failed, cancelled, skipped, dead: final
 * `skipped` was never started (an overlap policy said so); `dead` lost its worker too often to be tried again.
 */
export const TRANSITIONS = [
  ['scheduled', 'queued', 'its time has come'],
  ['scheduled', 'cancelled', 'cancel'],
  ['scheduled', 'paused', 'pause'],
  ['queued', 'running', 'leased'],
  ['queued', 'cancelled', 'cancel'],
  ['queued', 'paused', 'pause'],
  ['running', 'succeeded', 'reported'],
  ['running', 'failed', 'reported, or past its deadline, with no retry left'],
  ['running', 'retry_wait', 'reported failure, or past its deadline, with a retry left'],
  ['running', 'queued', 'lost its worker, or given back'],
  ['running', 'dead', 'lost its worker too often'],
  ['running', 'pausing', 'pause'],
  ['running', 'cancelling', 'cancel'],
  ['running', 'suspended', 'divided into other runs'],
  ['retry_wait', 'queued', 'its time has come'],
  ['retry_wait', 'cancelled', 'cancel'],
  ['retry_wait', 'paused', 'pause'],
  ['pausing', 'paused', 'reached a checkpoint, was given back, or lost its worker'],
  ['pausing', 'succeeded', 'ended before the checkpoint'],
  ['pausing', 'failed', 'failed before the checkpoint, with no retry left'],
  ['pausing', 'dead', 'lost its worker too often'],
  ['pausing', 'running', 'resume'],
  ['pausing', 'cancelling', 'cancel'],
  ['paused', 'queued', 'resume'],
  ['paused', 'suspended', 'resume, when it is divided'],
  ['paused', 'cancelled', 'cancel'],
  ['suspended', 'succeeded', 'all that it is divided into has succeeded'],
  ['suspended', 'failed', 'all that it is divided into has ended, some of it badly'],
  ['suspended', 'paused', 'pause'],
  ['suspended', 'cancelled', 'cancel'],
  ['cancelling', 'cancelled', 'all of it is gone, or its worker is lost'],
] as const;

export type RunState = (typeof TRANSITIONS)[number][0 | 1] | 'skipped';

export const RUN_STATES = [
  'scheduled',
  'queued',
  'running',
  'retry_wait',
  'pausing',
  'paused',
  'cancelling',
  'suspended',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'dead',
] as const satisfies readonly RunState[];

/** A worker holds it. */
export const HELD = ['running', 'pausing', 'cancelling'] as const satisfies readonly RunState[];
export const TERMINAL = ['succeeded', 'failed', 'cancelled', 'skipped', 'dead'] as const satisfies readonly RunState[];
/** Not final: what counts as a live run of its job. */
export const LIVE = [
  'scheduled',
  'queued',
  'running',
  'retry_wait',
  'pausing',
  'paused',
  'cancelling',
  'suspended',
] as const satisfies readonly RunState[];
/** Waits for its time. */
export const WAITING = ['scheduled', 'retry_wait'] as const satisfies readonly RunState[];

/** The states that `to` may follow. */
export function predecessors(to: RunState): RunState[] {
  return TRANSITIONS.filter(([, target]) => target === to).map(([from]) => from);
}

export function mayFollow(from: RunState, to: RunState): boolean {
  return TRANSITIONS.some(([source, target]) => source === from && target === to);
}

/** `'queued', 'running'`, for `state IN (…)`: a constant list lets the planner use the partial indexes. */
export function sqlStates(states: readonly RunState[]): string {
  return states.map((state) => `'${state}'`).join(', ');
}
