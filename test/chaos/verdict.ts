import { RUNS_TOPIC } from '../../src/engine/model.ts';
import { type RunState, TERMINAL } from '../../src/engine/states.ts';
import type { Store } from '../../src/store/store.ts';
import type { LedgerLine } from './ledger.ts';
import type { ChaosJob, Promises } from './load.ts';

/** What is known in the end, from the database and from outside of it. */
export interface Evidence {
  readonly store: Store;
  readonly promises: Promises;
  readonly jobs: readonly ChaosJob[];
  readonly ledger: readonly LedgerLine[];
  /** When worker processes ended, by process id. */
  readonly deaths: ReadonlyMap<number, number>;
  /** From `watchForSurvivors`. */
  readonly survivors: readonly string[];
}

interface RunRow {
  readonly id: number;
  readonly state: RunState;
  readonly job_id: number | null;
}

/** Every sentence is a broken promise. */
export async function findViolations(evidence: Evidence): Promise<string[]> {
  const { store, promises, jobs, ledger, deaths, survivors } = evidence;
  const runs = await store.query<RunRow>('SELECT id, state, job_id FROM longshore.runs ORDER BY id');
  const states = new Map(runs.map(({ id, state }) => [id, state]));
  const executions = executionsOf(ledger, deaths);
  return [
    ...enqueuedAreFinal(promises, states),
    ...cancelledStayCancelled(promises, states),
    ...(await endedOnce(store, runs)),
    ...successesHappened(runs, executions),
    ...executionsDoNotOverlap(executions),
    ...ledger
      .filter(({ phase }) => phase === 'intruder')
      .map(({ run, attempt }) => `run ${run}: attempt ${attempt} began while a process of an earlier one lived`),
    ...survivors,
    ...(await schedulesAreExact(store, jobs)),
  ];
}

function enqueuedAreFinal({ enqueued }: Promises, states: ReadonlyMap<number, RunState>): string[] {
  const final: ReadonlySet<RunState> = new Set(TERMINAL);
  const lost = enqueued.filter((id) => !states.has(id)).map((id) => `run ${id} was acknowledged and is gone`);
  const stuck = [...states]
    .filter(([, state]) => !final.has(state))
    .map(([id, state]) => `run ${id} is still ${state}`);
  return [...lost, ...stuck];
}

function cancelledStayCancelled({ cancelled }: Promises, states: ReadonlyMap<number, RunState>): string[] {
  return cancelled
    .filter((id) => states.get(id) !== 'cancelled')
    .map((id) => `run ${id} was acknowledged as cancelled and is ${states.get(id)}`);
}

/** Counters and events are written with the change of state: a run that ended twice shows in both. */
async function endedOnce(store: Store, runs: readonly RunRow[]): Promise<string[]> {
  const violations: string[] = [];
  const counted = await store.query<{ outcome: string; n: number }>(
    'SELECT outcome, sum(runs) AS n FROM longshore.run_rollups GROUP BY outcome',
  );
  for (const state of TERMINAL) {
    const rows = runs.filter((run) => run.state === state).length;
    const count = counted.find(({ outcome }) => outcome === state)?.n ?? 0;
    if (rows !== count) violations.push(`${rows} runs are ${state}, but ${count} were counted`);
  }
  const told = await store.query<{ id: number; n: number }>(
    `SELECT run::bigint AS id, count(*) AS n
     FROM longshore.events, jsonb_array_elements_text(payload->'ids') AS run
     WHERE topic = $1 AND payload->>'state' = ANY ($2) GROUP BY 1 HAVING count(*) > 1`,
    [RUNS_TOPIC, TERMINAL],
  );
  violations.push(...told.map(({ id, n }) => `run ${id} was told to have ended ${n} times`));
  return violations;
}

export interface Execution {
  readonly run: number;
  readonly attempt: number;
  readonly name: string;
  readonly start: number;
  /** When nothing of it was alive any more; Infinity when that is not known. */
  readonly end: number;
  readonly done: boolean;
  /** Whether its worker was killed under it. */
  readonly killed: boolean;
}

function groupBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group) group.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}

/** By start. An execution ends when it says so, or with its process. */
export function executionsOf(ledger: readonly LedgerLine[], deaths: ReadonlyMap<number, number>): Execution[] {
  const byName = groupBy(ledger, (line) => line.execution);
  const executions = [...byName].flatMap(([name, lines]): Execution[] => {
    const at = (phase: LedgerLine['phase']) => lines.find((line) => line.phase === phase);
    const start = at('start');
    if (!start) return [];
    const { run, attempt, pid } = start;
    const end = at('end')?.at;
    return [
      {
        run,
        attempt,
        name,
        start: start.at,
        end: end ?? deaths.get(pid) ?? Number.POSITIVE_INFINITY,
        done: at('done') !== undefined,
        killed: end === undefined,
      },
    ];
  });
  return executions.sort((a, b) => a.start - b.start);
}

function successesHappened(runs: readonly RunRow[], executions: readonly Execution[]): string[] {
  const done = new Set(executions.filter((execution) => execution.done).map(({ run }) => run));
  return runs
    .filter(({ id, state }) => state === 'succeeded' && !done.has(id))
    .map(({ id }) => `run ${id} is recorded as succeeded, but its work was never completed`);
}

function executionsDoNotOverlap(executions: readonly Execution[]): string[] {
  const latest = new Map<number, Execution>();
  const violations: string[] = [];
  for (const execution of executions) {
    const before = latest.get(execution.run);
    if (before && before.end > execution.start) {
      violations.push(
        `run ${execution.run}: execution ${execution.name} (attempt ${execution.attempt}) began ${(before.end - execution.start).toFixed(0)} ms before ${before.name} (attempt ${before.attempt}) had ended`,
      );
    }
    if (!before || before.end < execution.end) latest.set(execution.run, execution);
  }
  return violations;
}

/** A worker that was killed, by its id. */
export interface WorkerDeath {
  readonly worker: string;
  readonly at: Date;
}

/**
 * How long each run that a killed worker held waited until another one had it, in milliseconds, shortest first. A run
 * that lost two workers in a row counts twice.
 */
export async function requeueTimes(store: Store, deaths: readonly WorkerDeath[]): Promise<number[]> {
  const rows = await store.query<{ worker: string; begun: Date; given_up: Date; again: Date }>(
    `SELECT worker, begun, given_up, again FROM longshore.runs r,
       LATERAL (SELECT past->>'outcome' AS outcome, past->>'worker_id' AS worker,
           (past->>'started_at')::timestamptz AS begun, (past->>'finished_at')::timestamptz AS given_up,
           coalesce(lead((past->>'started_at')::timestamptz) OVER (ORDER BY place), r.attempt_started_at) AS again
         FROM jsonb_array_elements(r.past_attempts) WITH ORDINALITY AS p(past, place)) attempts
     WHERE outcome = 'lost' AND again > given_up`,
  );
  const times = rows.flatMap(({ worker, begun, given_up, again }) => {
    // Without a death in between the worker lived, and could only not renew its lease.
    const death = deaths.find((known) => known.worker === worker && known.at > begun && known.at < given_up);
    return death ? [again.getTime() - death.at.getTime()] : [];
  });
  return times.sort((a, b) => a - b);
}

async function schedulesAreExact(store: Store, jobs: readonly ChaosJob[]): Promise<string[]> {
  const violations: string[] = [];
  for (const { id, misfire } of jobs) {
    const fired = await store.query<{ at: number; made: number }>(
      `SELECT extract(epoch FROM fire_at)::float8 AS at, extract(epoch FROM created_at)::float8 AS made
       FROM longshore.runs WHERE job_id = $1 ORDER BY fire_at`,
      [id],
    );
    if (fired.length === 0) violations.push(`schedule ${id} never fired`);
    for (const [i, next] of fired.entries()) {
      const previous = fired[i - 1];
      if (!previous) continue;
      if (next.at === previous.at) violations.push(`schedule ${id} fired twice for ${next.at}`);
      const missed = Math.round(next.at - previous.at) - 1;
      if (missed <= 0) continue;
      if (misfire === 'all') violations.push(`schedule ${id} missed ${missed} instants after ${previous.at}`);
      // Instants are coalesced into the latest that has come: whoever fired `previous` must not have seen the next.
      else if (previous.made >= previous.at + 1) {
        violations.push(`schedule ${id} let ${missed} instants go after ${previous.at}, which was fired late itself`);
      }
    }
  }
  return violations;
}
