import { sleep } from '../../src/kernel/clock.ts';
import type { Random } from './random.ts';
import type { SyncCell } from './sync-cell.ts';
import { type Aim, AT_REST, aimsAt, anyAim, type SyncPoint } from './sync-points.ts';
import type { SyncScene, Transport } from './sync-scene.ts';

/**
 * Who is struck when all runs have come to their points.
 * - worker: SIGKILL, and its successor again, somewhere; a third one ends the runs
 * - sleeper: the worker is stopped, another one takes over, and then the first one wakes up and goes on
 * - server: SIGKILL of the API, of a worker that has nothing else
 * - destination: SIGKILL of the databases that are synced to
 * - pause: nobody; the jobs are paused there, and resumed
 * - cancel: nobody; the jobs are cancelled there, and started again
 */
export const VICTIMS = ['worker', 'sleeper', 'server', 'destination', 'pause', 'cancel'] as const;
export type Victim = (typeof VICTIMS)[number];

export type Place = SyncPoint | 'anywhere';

/** A run on its way to its point. */
interface Way {
  readonly cell: SyncCell;
  readonly place: Place;
  /** That it stands there; it may never come. */
  readonly standing: Promise<unknown>;
}

/** What an attempt asks first that another one's transaction may keep waiting. */
const TAKES_FENCE = /^INSERT (IGNORE )?INTO \S*_longshore_sync|_longshore_sync.*FOR UPDATE$/s;
/** A net: nothing here takes longer than a worker takes to start. */
const PATIENCE_MS = 240_000;
const LOOK_EVERY_MS = 50;
const REST_MS = 15_000;

/** A run may end while it is steered. */
function unlessEnded(error: Error): void {
  if (!error.message.includes('answered 409')) throw error;
}

/** Plays rounds, and counts who was struck where. */
export class SyncPlay {
  readonly violations: string[] = [];
  /** How often, by victim and point. */
  readonly struck = new Map<string, number>();
  compared = 0;
  readonly #scene: SyncScene;
  readonly #random: Random;
  readonly #say: (text: string) => void;

  constructor(scene: SyncScene, random: Random, say: (text: string) => void) {
    this.#scene = scene;
    this.#random = random;
    this.#say = say;
  }

  get #cells(): readonly SyncCell[] {
    return this.#scene.cells;
  }

  /** Learns what runs ask when nobody disturbs them. */
  async rehearse(): Promise<void> {
    await this.#scene.startWorker('database');
    // Twice, since the first run into a database asks more of it than all others.
    for (let time = 0; time < 2; time += 1) {
      await this.#prepare();
      for (const cell of this.#cells) void cell.arm();
      await this.#all((cell) => cell.start());
      await this.#allEnded();
      for (const cell of this.#cells) cell.learn();
      await this.#compare('nobody');
    }
  }

  /** @param place where the run of each cell is to stand */
  async round(victim: Victim, place: (cell: SyncCell) => Place): Promise<void> {
    if (victim === 'server') {
      await this.#scene.killWorker();
      await this.#scene.startWorker('http');
    }
    await this.#prepare();
    const ways = this.#cells.map((cell) => this.#send(cell, place(cell)));
    await this.#all((cell) => cell.start());
    const arrived = await this.#allStand(ways);
    for (const way of arrived) this.#count(victim, way);
    await this.#strike(victim, arrived);
    await this.#allEnded();
    await this.#compare(victim);
  }

  /** Makes each cell ready to be started. */
  async #prepare(): Promise<void> {
    await this.#all((cell) => cell.next());
    const twice = this.#cells.filter(({ runsTwice }) => runsTwice);
    await Promise.all(twice.map((cell) => cell.start()));
    await this.#allEnded(twice);
    for (const cell of twice) cell.grow();
  }

  #send(cell: SyncCell, place: Place): Way {
    return { cell, place, standing: cell.arm(this.#aimOf(cell, place)) };
  }

  #aimOf(cell: SyncCell, place: Place): Aim {
    if (place === 'anywhere') return anyAim(cell.trace, this.#random);
    const aims = aimsAt(place, cell.trace, cell.batches);
    // What was sent in is not read from a service.
    return aims.length === 0 ? anyAim(cell.trace, this.#random) : this.#random.pick(aims);
  }

  async #all(work: (cell: SyncCell) => Promise<unknown>): Promise<void> {
    await Promise.all(this.#cells.map(work));
  }

  /** Of cells, those of whose runs nothing is left to do, its parts included. */
  async #ended(cells: readonly SyncCell[]): Promise<Set<SyncCell>> {
    return this.#in(cells, 'finished_at IS NOT NULL');
  }

  /** @param condition on a run and its parts */
  async #in(cells: readonly SyncCell[], condition: string): Promise<Set<SyncCell>> {
    const rows = await this.#scene.store.query<{ id: number }>(
      `SELECT coalesce(parent_id, id) AS id FROM longshore.runs WHERE id = ANY ($1) OR parent_id = ANY ($1)
        GROUP BY 1 HAVING bool_and(coalesce(${condition}, false))`,
      [cells.map(({ run }) => run)],
    );
    const found = new Set(rows.map(({ id }) => id));
    return new Set(cells.filter(({ run }) => found.has(run)));
  }

  /** Waits until each run stands at its point, or has ended without coming there. @returns those that do */
  async #allStand(ways: readonly Way[]): Promise<Way[]> {
    const arrived = new Set<Way>();
    for (const way of ways) void way.standing.then(() => arrived.add(way));
    await this.#until('runs to come to their points', async () => {
      const ended = await this.#ended(this.#cells);
      return ways.every((way) => arrived.has(way) || ended.has(way.cell));
    });
    return [...arrived];
  }

  async #allEnded(cells = this.#cells): Promise<void> {
    await this.#until('runs to end', async () => (await this.#ended(cells)).size === cells.length);
  }

  async #until(what: string, come: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    while (!(await come())) {
      if (Date.now() > until) throw new Error(`waited in vain for ${what}:\n${await this.#scene.state()}`);
      await this.#scene.hasten();
      await sleep(LOOK_EVERY_MS);
    }
  }

  #count(victim: string, { cell, place }: Pick<Way, 'cell' | 'place'>): void {
    const what = `${victim}, ${place}, ${cell.sink.engine}`;
    this.struck.set(what, (this.struck.get(what) ?? 0) + 1);
  }

  async #strike(victim: Victim, ways: readonly Way[]): Promise<void> {
    switch (victim) {
      case 'worker':
        return await this.#killTwice();
      case 'sleeper':
        return await this.#takeOver(ways);
      case 'server':
        await this.#scene.killServer();
        this.#release();
        return await this.#scene.startServer();
      case 'destination':
        // Half of the time, what was held back is under way when it dies.
        if (this.#random.chance(0.5)) this.#release();
        await Promise.all(this.#scene.sinks.map((sink) => sink.kill()));
        await Promise.all(this.#scene.sinks.map((sink) => sink.start()));
        return await this.#letGo();
      case 'pause':
        return await this.#pause();
      case 'cancel':
        return await this.#cancel();
    }
  }

  #release(): void {
    for (const cell of this.#cells) cell.release();
  }

  /** What stood still is gone, and what is in the tables is what others may see. */
  async #letGo(): Promise<void> {
    for (const cell of this.#cells) cell.open();
    await this.#all(async (cell) => this.#note(await cell.faultsMidway(), 'midway'));
  }

  /** Three losses would be the end of a run. */
  async #killTwice(): Promise<void> {
    await this.#scene.killWorker();
    await this.#letGo();
    const ways = this.#cells.map((cell) => this.#send(cell, 'anywhere'));
    await this.#scene.startWorker(this.#transport());
    for (const way of await this.#allStand(ways)) this.#count('worker, again', way);
    await this.#scene.killWorker();
    await this.#letGo();
    await this.#scene.startWorker(this.#transport());
  }

  #transport(): Transport {
    return this.#random.chance(0.5) ? 'database' : 'http';
  }

  /**
   * Where the sleeper is in no transaction, all is done when it wakes up, and it has to find out. Elsewhere it may hold
   * what its successor waits for, and wakes up when that one asks for it.
   */
  async #takeOver(ways: readonly Way[]): Promise<void> {
    const sleeper = await this.#scene.abandonWorker();
    try {
      const asking = this.#cells.map(
        (cell) => ({ cell, place: 'anywhere', standing: cell.asked(TAKES_FENCE) }) as const,
      );
      await this.#scene.startWorker(this.#transport());
      await this.#allStand(asking);
      await this.#restEnded(ways.filter(({ place }) => AT_REST.some((rest) => rest === place)));
      this.#release();
      process.kill(sleeper.pid, 'SIGCONT');
      await this.#allEnded();
      // What it still had to say has been said when it has nobody left to say it to.
      await this.#until('the sleeper to give up', async () => this.#cells.every(({ isQuiet }) => isQuiet));
    } finally {
      await sleeper.kill();
    }
  }

  /**
   * Waits for runs whose sleeper holds nothing. Not for ever: before it swaps, an overwrite in MariaDB looks at the keys of
   * all tables, and waits for one that another run is exchanging, which waits for its own sleeper.
   */
  async #restEnded(ways: readonly Way[]): Promise<void> {
    const until = Date.now() + REST_MS;
    for (;;) {
      const ended = await this.#ended(ways.map(({ cell }) => cell));
      const left = ways.filter(({ cell }) => !ended.has(cell));
      if (left.length === 0) return;
      if (Date.now() > until) {
        for (const { cell, place } of left) this.#say(`ends only when others wake: ${cell.name}, ${place}`);
        return;
      }
      await this.#scene.hasten();
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Asks it of all jobs whose runs have not ended. */
  async #steer(control: 'pause' | 'resume' | 'cancel', live: string): Promise<SyncCell[]> {
    const jobs = this.#cells.filter(({ job }) => job !== undefined);
    const cells = [...(await this.#in(jobs, live))];
    await Promise.all(cells.map((cell) => cell.steer(control).catch(unlessEnded)));
    return cells;
  }

  async #pause(): Promise<void> {
    const paused = await this.#steer('pause', 'parent_id IS NOT NULL OR finished_at IS NULL');
    this.#release();
    const rests = "state = 'paused' OR finished_at IS NOT NULL";
    await this.#until('runs to pause', async () => (await this.#in(paused, rests)).size === paused.length);
    await this.#letGo();
    await this.#steer('resume', "parent_id IS NOT NULL OR state = 'paused'");
  }

  async #cancel(): Promise<void> {
    const cancelled = await this.#steer('cancel', 'parent_id IS NOT NULL OR finished_at IS NULL');
    await this.#allEnded(cancelled);
    await this.#letGo();
    // What was done before it heard of that is not started: another run would append all again.
    const done = await this.#in(cancelled, "output::jsonb ?| '{records_read, parts}'");
    await Promise.all(cancelled.filter((cell) => !done.has(cell)).map((cell) => cell.start()));
  }

  #note(faults: readonly string[], what: string): void {
    this.violations.push(...faults.map((fault) => `${what}: ${fault}`));
    for (const fault of faults) this.#say(`${what}: ${fault}`);
  }

  /** Holds what has arrived against what was sent, and what the runs tell of it. */
  async #compare(victim: Victim | 'nobody'): Promise<void> {
    await this.#until(
      'reports',
      async () => (await this.#scene.store.query('SELECT 1 FROM longshore.reports LIMIT 1')).length === 0,
    );
    await this.#all(async (cell) => {
      // What is cancelled is cleared up after by the job's next run.
      const left = victim === 'cancel' ? [] : await cell.leftovers();
      this.#note([...(await cell.faults()), ...left, ...(await this.#toldWrong(cell, victim))], victim);
      this.compared += 1;
    });
  }

  async #toldWrong({ name, job, run, records, refused }: SyncCell, victim: string): Promise<string[]> {
    const [row] = await this.#scene.store.query<{
      state: string;
      error: string | null;
      output: Record<string, number> | null;
      past: string;
    }>('SELECT state, error, output, past_attempts::text AS past FROM longshore.runs WHERE id = $1', [run]);
    const isDone = row?.state === 'succeeded' || (victim === 'cancel' && row?.state === 'cancelled');
    if (!isDone) return [`${name}: its run is ${row?.state}: ${row?.error}; before that ${row?.past}`];
    const faults: string[] = [];
    const read = row.output?.records_read;
    // Of parts, a job that was cancelled takes only those that are left.
    const told = victim !== 'cancel' && read !== records;
    if (told) faults.push(`${name}: ${read} records were read, it says, and not ${records}`);
    if (job === undefined) return faults;
    const { items } = await this.#scene.call('GET', `/v1/sync/jobs/${job}/quarantine?per_page=100`);
    const ids = (items as { raw: string }[]).map(({ raw }) => Number(JSON.parse(raw).id)).sort((a, b) => a - b);
    // A job that was cancelled and began anew has refused some twice.
    const found = victim === 'cancel' ? [...new Set(ids)] : ids;
    if (String(found) !== String(refused)) faults.push(`${name}: records ${found} are in quarantine`);
    return faults;
  }
}
