import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, silent } from '../../test/support/database.ts';
import { enqueueOne, lapse, registration } from '../../test/support/runs.ts';
import type { Service } from '../kernel/service.ts';
import { MAX_LOSSES } from '../protocol/terms.ts';
import type { Outcome } from '../protocol/worker.ts';
import { Listener } from '../store/listener.ts';
import type { Store } from '../store/store.ts';
import { expirer } from './daemons/expirer.ts';
import { promoter } from './daemons/promoter.ts';
import { rescuer } from './daemons/rescuer.ts';
import { PostgresPort } from './postgres-port.ts';
import { runSettle } from './queries/run_control.ts';
import { cancelRun, getRun, pauseRun, resumeRun } from './runs.ts';
import { HELD, mayFollow, predecessors, RUN_STATES, type RunState, TERMINAL, TRANSITIONS } from './states.ts';

const ACTIONS = [
  'lease',
  'succeed',
  'divide',
  'fail',
  'fail for good',
  'time out',
  'release',
  'report paused',
  'report cancelled',
  'stale report',
  'cancel',
  'pause',
  'resume',
  'settle',
  'lose the worker',
  'become due',
  'overrun the deadline',
] as const;
type Action = (typeof ACTIONS)[number];

/** The model: what a run should be, written down without looking at the SQL. */
interface Model {
  state: RunState;
  failures: number;
  losses: number;
  readonly retries: number;
}

const isHeld = (state: RunState) => (HELD as readonly RunState[]).includes(state);
const isFinal = (state: RunState) => (TERMINAL as readonly RunState[]).includes(state);

function failed(model: Model, mayRetry: boolean): void {
  const retry = mayRetry && model.failures < model.retries;
  model.failures += 1;
  if (model.state === 'cancelling') model.state = 'cancelled';
  else if (!retry) model.state = 'failed';
  else model.state = model.state === 'pausing' ? 'paused' : 'retry_wait';
}

function givenBack(model: Model): void {
  const next = { cancelling: 'cancelled', pausing: 'paused', running: 'queued' } as const;
  model.state = next[model.state as keyof typeof next];
}

const CONTROL: Partial<Record<Action, (model: Model) => void>> = {
  cancel(model) {
    if (isHeld(model.state)) model.state = 'cancelling';
    else if (!isFinal(model.state)) model.state = 'cancelled';
  },
  pause(model) {
    if (model.state === 'running') model.state = 'pausing';
    else if (['scheduled', 'queued', 'retry_wait', 'suspended'].includes(model.state)) model.state = 'paused';
  },
  resume(model) {
    if (model.state === 'paused') model.state = 'queued';
    else if (model.state === 'pausing') model.state = 'running';
  },
  settle(model) {
    if (model.state === 'suspended') model.state = 'succeeded';
  },
  'become due'(model) {
    if (model.state === 'scheduled' || model.state === 'retry_wait') model.state = 'queued';
  },
  lease(model) {
    if (model.state === 'queued') model.state = 'running';
  },
};

const OF_WORKER: Partial<Record<Action, (model: Model) => void>> = {
  succeed(model) {
    model.state = model.state === 'cancelling' ? 'cancelled' : 'succeeded';
  },
  divide(model) {
    const next = { cancelling: 'cancelled', pausing: 'paused', running: 'suspended' } as const;
    model.state = next[model.state as keyof typeof next];
  },
  fail: (model) => failed(model, true),
  'time out': (model) => failed(model, true),
  'fail for good': (model) => failed(model, false),
  release: givenBack,
  'report paused': givenBack,
  'report cancelled': givenBack,
  'overrun the deadline'(model) {
    if (model.state !== 'cancelling') failed(model, true);
  },
  'lose the worker'(model) {
    model.losses += 1;
    if (model.state !== 'cancelling' && model.losses >= MAX_LOSSES) model.state = 'dead';
    else givenBack(model);
  },
};

function step(model: Model, action: Action): void {
  CONTROL[action]?.(model);
  if (isHeld(model.state)) OF_WORKER[action]?.(model);
}

const REPORTS: Partial<Record<Action, Partial<Outcome>>> = {
  succeed: { status: 'succeeded' },
  divide: { status: 'succeeded', suspended: true, output: {} },
  fail: { status: 'failed', retryable: true },
  'fail for good': { status: 'failed', retryable: false },
  'time out': { status: 'timed_out', retryable: true },
  release: { status: 'released' },
  'report paused': { status: 'paused' },
  'report cancelled': { status: 'cancelled' },
};

async function oneRound(daemon: Service): Promise<void> {
  await daemon.start();
  await daemon.stop();
}

/** One run in the real engine, driven by actions. */
class Reality {
  readonly #store: Store;
  readonly #port: PostgresPort;
  readonly id: number;
  #session = 0;
  #epoch = 0;

  constructor(store: Store, port: PostgresPort, id: number) {
    this.#store = store;
    this.#port = port;
    this.id = id;
  }

  async join(): Promise<void> {
    this.#session = (await this.#port.register(registration())).session_id;
  }

  async state(): Promise<RunState> {
    return (await getRun(this.#store, 'scheduler', this.id)).state;
  }

  async act(action: Action): Promise<void> {
    const report = REPORTS[action];
    if (report) return this.#report(this.#epoch, report);
    switch (action) {
      case 'stale report':
        return this.#report(this.#epoch - 1, { status: 'succeeded' });
      case 'lease': {
        const request = { session_id: this.#session, limit: 1, wait_ms: 0 };
        const [run] = await this.#port.lease(request, new AbortController().signal);
        if (run) this.#epoch = run.epoch;
        return;
      }
      case 'lose the worker':
        await lapse(this.#store, this.#session);
        await oneRound(rescuer(this.#store, silent));
        return this.join();
      case 'settle':
        await runSettle(this.#store, this.id, { state: 'succeeded', output: null, error: null });
        return;
      case 'become due':
        await this.#store.query('UPDATE longshore.runs SET run_at = now() WHERE id = $1', [this.id]);
        return oneRound(promoter(this.#store, silent));
      case 'overrun the deadline':
        await this.#store.query(
          "UPDATE longshore.runs SET deadline = now() - interval '2 hours' WHERE id = $1 AND session_id IS NOT NULL",
          [this.id],
        );
        return oneRound(expirer(this.#store, silent));
      default: {
        const control = { cancel: cancelRun, pause: pauseRun, resume: resumeRun }[
          action as 'cancel' | 'pause' | 'resume'
        ];
        // Not possible in this state is an answer too; what counts is the state afterwards.
        await this.#store
          .transaction((tx) => control(tx, 'scheduler', this.id))
          .catch((error: { code?: string }) => expect(error.code).toBe('conflict'));
      }
    }
  }

  async #report(epoch: number, change: Partial<Outcome>): Promise<void> {
    if (epoch < 1) return;
    const outcome = { id: this.id, epoch, status: 'succeeded', retryable: false, log_bytes: 0, ...change } as const;
    await this.#port.report({ session_id: this.#session, outcomes: [outcome] });
  }
}

describe('the states of a run', () => {
  it('knows every state, and lets nothing follow a final one', () => {
    const named = new Set<RunState>([...TRANSITIONS.map(([from]) => from), ...TRANSITIONS.map(([, to]) => to)]);
    for (const state of RUN_STATES) expect(named.has(state) || state === 'skipped').toBe(true);
    for (const state of TERMINAL) expect(RUN_STATES.filter((next) => mayFollow(state, next))).toEqual([]);
  });

  it('can end every run that has not ended', () => {
    const cancellable = [...predecessors('cancelled'), ...predecessors('cancelling')];
    for (const state of RUN_STATES) if (!isFinal(state)) expect(cancellable).toContain(state);
  });

  describe('in the database', () => {
    let store: Store;
    let port: PostgresPort;

    beforeAll(async () => {
      const database = await createTestDatabase();
      store = database.store;
      port = new PostgresPort({
        store,
        listener: new Listener({ url: database.directUrl, logger: silent }),
        logger: silent,
      });
      await store.query('CREATE TABLE public.seen (old text, new text, PRIMARY KEY (old, new))');
      await store.query(`CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.seen VALUES (old.state, new.state) ON CONFLICT DO NOTHING; RETURN NULL; END $$`);
      await store.query(`CREATE TRIGGER see AFTER UPDATE ON longshore.runs FOR EACH ROW
        WHEN (old.state <> new.state) EXECUTE FUNCTION public.see()`);
    });

    it('agree with the model after every action, and never change in a way that is not listed', async () => {
      const actions = fc.array(
        // A lease and what brings it about come up more often, so that sequences get deep.
        fc.oneof({ weight: 2, arbitrary: fc.constantFrom<Action>('lease', 'become due') }, fc.constantFrom(...ACTIONS)),
        { minLength: 5, maxLength: 30 },
      );
      await fc.assert(
        fc.asyncProperty(fc.boolean(), fc.integer({ min: 0, max: 2 }), actions, async (later, retries, sequence) => {
          await store.query('DELETE FROM longshore.runs');
          const runAt = later ? new Date(Date.now() + 3_600_000) : null;
          const run = new Reality(
            store,
            port,
            await enqueueOne(store, { retryCount: retries, retryDelaySeconds: 3600, runAt }),
          );
          await run.join();
          const model: Model = { state: later ? 'scheduled' : 'queued', failures: 0, losses: 0, retries };
          const trace: string[] = [model.state];
          for (const action of sequence) {
            await run.act(action);
            step(model, action);
            trace.push(`${action} → ${model.state}`);
            expect({ trace, state: await run.state() }).toEqual({ trace, state: model.state });
          }
        }),
        { numRuns: 60 },
      );
      const seen = await store.query<{ old: RunState; new: RunState }>('SELECT old, new FROM public.seen');
      expect(seen.filter(({ old, new: next }) => !mayFollow(old, next))).toEqual([]);
      expect(seen.length).toBeGreaterThan(12);
    });

    it.each(RUN_STATES)('refuses a row that says %s and does not look like it', async (state) => {
      const finished = isFinal(state) ? 'NULL' : 'now()';
      const insert = `INSERT INTO longshore.runs (area, kind, name, trigger, state, queue, priority, rank, run_at, spec,
        retry_count, retry_delay_seconds, finished_at, session_id)
        VALUES ('x', 'x', 'x', 'manual', '${state}', 'x', 1, now(), now(), '{}', 0, 0, ${finished}, ${isHeld(state) ? 1 : 'NULL'})`;
      await expect(store.query(insert)).rejects.toMatchObject({ constraint: 'runs_finished' });
    });
  });
});
