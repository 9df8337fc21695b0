import { readFile } from 'node:fs/promises';
import { sleep } from '../../src/kernel/clock.ts';
import { Random } from './random.ts';
import type { SyncCell } from './sync-cell.ts';
import type { Moment } from './sync-gate.ts';
import { anyMoment, momentsOf, SYNC_POINTS, type SyncPoint } from './sync-points.ts';
import { SyncScene, type Transport } from './sync-scene.ts';
import type { SinkEngine } from './sync-sink.ts';

export interface SyncChaosOptions {
  readonly seed: number;
  /** How often somebody is killed at each point of each kind of job. */
  readonly times: number;
  readonly engines: readonly SinkEngine[];
  say(text: string): void;
}

export interface SyncOutcome {
  readonly violations: readonly string[];
  readonly summary: Readonly<Record<string, number | string>>;
}

/**
 * Who is struck when all jobs have come to their points.
 * - worker: SIGKILL, and its successor again, somewhere; a third one ends the runs
 * - sleeper: the worker is stopped, another one takes over, and then the first one wakes up and goes on
 * - server: SIGKILL of the API, of a worker that has nothing else
 * - destination: SIGKILL of the databases that are synced to
 */
export type Victim = 'worker' | 'sleeper' | 'server' | 'destination';

interface Round {
  readonly victim: Victim;
  readonly point: SyncPoint | 'anywhere';
}

interface Job {
  readonly cell: SyncCell;
  readonly id: string;
  run: number;
}

/** What an attempt asks first that another one's transaction may keep waiting. */
const TAKES_FENCE = /^INSERT (IGNORE )?INTO \S*_longshore_sync|_longshore_sync.*FOR UPDATE$/s;
const PATIENCE_MS = 240_000;
const LOOK_EVERY_MS = 50;
const PAGES = 6;

/** What is played in all: each point, and each other victim, `times` times. */
function roundsOf(times: number): Round[] {
  const rounds: Round[] = [];
  for (let time = 0; time < times; time += 1) {
    rounds.push(...SYNC_POINTS.map((point) => ({ victim: 'worker', point }) as const));
    rounds.push({ victim: 'sleeper', point: 'anywhere' }, { victim: 'sleeper', point: 'before a batch is written' });
    rounds.push({ victim: 'server', point: 'anywhere' }, { victim: 'destination', point: 'anywhere' });
  }
  return rounds;
}

/** Syncs of every kind into every database, broken off everywhere: what arrives is what was sent, each row once. */
export async function killSyncs({ seed, times, engines, say }: SyncChaosOptions): Promise<SyncOutcome> {
  const scene = await SyncScene.open(engines);
  try {
    const play = new SyncPlay(scene, new Random(seed), say);
    await play.rehearse();
    for (const [index, round] of roundsOf(times).entries()) {
      say(`round ${index + 1}: the ${round.victim}, ${round.point}`);
      await play.round(round);
    }
    if (play.violations.length > 0) say(await readFile(scene.log, 'utf8').catch(() => ''));
    return { violations: play.violations, summary: { seed, 'kinds of jobs': scene.cells.length, ...play.counts } };
  } finally {
    await scene.close();
  }
}

class SyncPlay {
  readonly violations: string[] = [];
  readonly counts: Record<string, number> = { rounds: 0, 'runs compared': 0 };
  readonly #scene: SyncScene;
  readonly #random: Random;
  readonly #say: (text: string) => void;
  /** What the run of each kind asks of its database when nobody disturbs it. */
  readonly #traces = new Map<SyncCell, readonly string[]>();

  constructor(scene: SyncScene, random: Random, say: (text: string) => void) {
    this.#scene = scene;
    this.#random = random;
    this.#say = say;
  }

  async rehearse(): Promise<void> {
    await this.#scene.startWorker('database');
    // Twice, since the first run into a database asks more of it than all others.
    for (let time = 0; time < 2; time += 1) {
      const jobs = await this.#prepare();
      for (const { cell } of jobs) void cell.gate.arm();
      await this.#startAll(jobs);
      await this.#allEnded(jobs);
      for (const { cell } of jobs) this.#traces.set(cell, [...cell.gate.trace]);
      await this.#compare(jobs, 'nobody was killed');
    }
  }

  async round({ victim, point }: Round): Promise<void> {
    if (victim === 'server') {
      await this.#scene.killWorker();
      await this.#scene.startWorker('http');
    }
    const jobs = await this.#prepare();
    const standing = jobs.map((job) => this.#aim(job.cell, point));
    await this.#startAll(jobs);
    await this.#allStand(jobs, standing, `${victim}, ${point}`);
    await this.#strike(victim, jobs, point);
    await this.#allEnded(jobs);
    await this.#compare(jobs, `${victim}, ${point}`);
    this.counts.rounds = (this.counts.rounds ?? 0) + 1;
  }

  #transport(): Transport {
    return this.#random.chance(0.5) ? 'database' : 'http';
  }

  /** A job of each kind, ready to be started. */
  async #prepare(): Promise<Job[]> {
    const jobs = await Promise.all(
      this.#scene.cells.map(async (cell) => {
        const { id } = await this.#scene.call('POST', '/v1/sync/jobs', await cell.next());
        return { cell, id: String(id), run: 0 };
      }),
    );
    const twice = jobs.filter(({ cell }) => cell.runsTwice);
    await this.#startAll(twice);
    await this.#allEnded(twice);
    for (const { cell } of twice) cell.grow();
    return jobs;
  }

  async #startAll(jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) {
      const { run_id } = await this.#scene.call('POST', `/v1/sync/jobs/${job.id}/start`);
      job.run = Number(String(run_id).replace('run_', ''));
    }
  }

  /** @returns a promise of the moment at which the cell's run stands still, which may never come */
  #aim(cell: SyncCell, point: Round['point']): Promise<unknown> {
    if (point === 'while it reads') {
      const page = this.#random.integer(1, PAGES);
      cell.rest.order(...Array.from({ length: page - 1 }, () => 'pass' as const), 'hang');
      return cell.rest.asked(cell.rest.seen.length + page);
    }
    const trace = this.#traces.get(cell) ?? [];
    return cell.gate.arm(point === 'anywhere' ? anyMoment(trace, this.#random) : this.#momentOf(cell, point, trace));
  }

  #momentOf(cell: SyncCell, point: SyncPoint, trace: readonly string[]): Moment {
    const moments = momentsOf(point, trace, Math.ceil(cell.records / (60 / PAGES)));
    if (moments.length === 0) throw new Error(`${cell.name} has no moment "${point}":\n${trace.join('\n')}`);
    return this.#random.pick(moments);
  }

  async #ended(jobs: readonly Job[]): Promise<Set<number>> {
    const rows = await this.#scene.store.query<{ id: number }>(
      'SELECT id FROM longshore.runs WHERE id = ANY ($1) AND finished_at IS NOT NULL',
      [jobs.map(({ run }) => run)],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Waits until each run stands at its point, or has ended without coming there. */
  async #allStand(jobs: readonly Job[], standing: readonly Promise<unknown>[], what: string): Promise<void> {
    const arrived = new Set<Job>();
    for (const [index, job] of jobs.entries()) void standing[index]?.then(() => arrived.add(job));
    await this.#until(async () => {
      const ended = await this.#ended(jobs);
      return jobs.every((job) => arrived.has(job) || ended.has(job.run));
    }, `runs to come to "${what}"`);
    this.counts[what] = (this.counts[what] ?? 0) + arrived.size;
  }

  async #allEnded(jobs: readonly Job[]): Promise<void> {
    await this.#until(async () => (await this.#ended(jobs)).size === jobs.length, 'all runs to end');
  }

  async #until(come: () => Promise<boolean>, what: string): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    while (!(await come())) {
      if (Date.now() > until) throw new Error(`waited in vain for ${what}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** After somebody was killed: what stood still is gone, and what is in the tables is what others may see. */
  async #letGo(jobs: readonly Job[]): Promise<void> {
    for (const { cell } of jobs) {
      cell.gate.open();
      cell.rest.calm();
    }
    for (const { cell } of jobs) this.#note(await cell.faultsMidway(), 'midway');
  }

  async #strike(victim: Victim, jobs: readonly Job[], point: Round['point']): Promise<void> {
    switch (victim) {
      case 'worker':
        return await this.#killTwice(jobs);
      case 'sleeper':
        return await this.#takeOver(jobs, point !== 'anywhere');
      case 'server':
        await this.#scene.killServer();
        for (const { cell } of jobs) cell.gate.release();
        return await this.#scene.startServer();
      case 'destination':
        await Promise.all(this.#scene.sinks.map((sink) => sink.kill()));
        await Promise.all(this.#scene.sinks.map((sink) => sink.start()));
        return await this.#letGo(jobs);
    }
  }

  /** Three losses would be the end of a run. */
  async #killTwice(jobs: readonly Job[]): Promise<void> {
    await this.#scene.killWorker();
    await this.#letGo(jobs);
    const standing = jobs.map(({ cell }) => this.#aim(cell, 'anywhere'));
    await this.#scene.startWorker(this.#transport());
    await this.#allStand(jobs, standing, 'again, anywhere');
    await this.#scene.killWorker();
    await this.#letGo(jobs);
    await this.#scene.startWorker(this.#transport());
  }

  /**
   * @param atRest the sleeper is in no transaction anywhere: then all is done when it wakes up, and it has to find out;
   * else it may hold what its successor waits for, and wakes up when that one asks for it
   */
  async #takeOver(jobs: readonly Job[], atRest: boolean): Promise<void> {
    const sleeper = await this.#scene.abandonWorker();
    try {
      const asked = jobs.map(({ cell }) => cell.gate.asked(TAKES_FENCE));
      await this.#scene.startWorker(this.#transport());
      if (atRest) await this.#allEnded(jobs);
      else await this.#allStand(jobs, asked, 'another worker takes over');
      for (const { cell } of jobs) cell.gate.release();
      process.kill(sleeper.pid, 'SIGCONT');
      await this.#allEnded(jobs);
      // What it still had to say has been said when it has nobody left to say it to.
      await Promise.all(jobs.map(({ cell }) => cell.gate.quiet()));
    } finally {
      await sleeper.kill();
    }
  }

  #note(faults: readonly string[], what: string): void {
    this.violations.push(...faults.map((fault) => `${what}: ${fault}`));
    for (const fault of faults) this.#say(`${what}: ${fault}`);
  }

  /** Holds what has arrived against what was sent, and what the runs tell of it. */
  async #compare(jobs: readonly Job[], what: string): Promise<void> {
    await this.#until(
      async () => (await this.#scene.store.query('SELECT 1 FROM longshore.reports LIMIT 1')).length === 0,
      'reports',
    );
    for (const job of jobs) {
      this.#note([...(await job.cell.faults()), ...(await this.#toldWrong(job))], what);
      this.counts['runs compared'] = (this.counts['runs compared'] ?? 0) + 1;
    }
  }

  async #toldWrong({ cell, id, run }: Job): Promise<string[]> {
    const [row] = await this.#scene.store.query<{
      state: string;
      error: string | null;
      output: Record<string, number> | null;
    }>('SELECT state, error, output FROM longshore.runs WHERE id = $1', [run]);
    if (row?.state !== 'succeeded') return [`${cell.name}: its run is ${row?.state}: ${row?.error}`];
    const faults: string[] = [];
    const read = row.output?.records_read;
    if (read !== cell.records) faults.push(`${cell.name}: ${read} records were read, it says, and not ${cell.records}`);
    const { items } = await this.#scene.call('GET', `/v1/sync/jobs/${id}/quarantine?per_page=100`);
    const refused = (items as { raw: string }[]).map(({ raw }) => Number(JSON.parse(raw).id)).sort((a, b) => a - b);
    if (String(refused) !== String(cell.refused)) faults.push(`${cell.name}: records ${refused} are in quarantine`);
    return faults;
  }
}
