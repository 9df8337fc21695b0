import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sleep } from '../../src/kernel/clock.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { Store } from '../../src/store/store.ts';
import { atExit } from '../support/at-exit.ts';
import { bundleProcesses } from '../support/bundle.ts';
import { Child, monotonicMs } from '../support/child.ts';
import { freePort, TemporaryPostgres } from '../support/temporary-postgres.ts';
import { LossyProxy } from './lossy-proxy.ts';
import type { ServerArgument } from './processes/server.ts';
import type { WorkerArgument } from './processes/worker.ts';
import type { Random } from './random.ts';
import type { WorkerDeath } from './verdict.ts';

const SERVER = 'test/chaos/processes/server.ts';
const WORKER = 'test/chaos/processes/worker.ts';
const ADMIN_PASSWORD = 'chaos reigns over the harbour';
const MAX_TASKS = 10;
const MOST_FAILED_STARTS = 20;

interface StageOptions {
  readonly servers: number;
  /** The last of them works over HTTP. */
  readonly workers: number;
  readonly random: Random;
}

/** One of the processes that are killed, and how it comes back. */
class Actor {
  readonly name: string;
  readonly #launch: () => Promise<Child>;
  readonly #onDeath: (pid: number, at: number) => void;
  #child: Child | undefined;

  constructor(name: string, launch: () => Promise<Child>, onDeath: (pid: number, at: number) => void) {
    this.name = name;
    this.#launch = launch;
    this.#onDeath = onDeath;
  }

  get isUp(): boolean {
    return this.#child !== undefined;
  }

  /** Starts it again and again, as whoever supervises it would: a start may meet with lost answers too. */
  async start(): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        this.#child = await this.#launch();
        return;
      } catch (error) {
        if (failures >= MOST_FAILED_STARTS) throw error;
        await sleep(500);
      }
    }
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const at = monotonicMs();
    await child.kill();
    this.#onDeath(child.pid, at);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.stop();
    if (child) this.#onDeath(child.pid, monotonicMs());
  }
}

/** Everything that takes part: a PostgreSQL, the proxy before it, servers, workers, and the ledger. */
export class Stage {
  /** Tells the processes of this stage's runs from those of others. */
  readonly name = `${process.pid}-${Math.round(monotonicMs())}`;
  readonly postgres: TemporaryPostgres;
  /** What the servers reach the database through. */
  readonly proxy: LossyProxy;
  /** The same for each worker that works straight on the database: so each can be cut off by itself. */
  readonly workerProxies: LossyProxy[] = [];
  readonly directory: string;
  readonly servers: Actor[] = [];
  readonly workers: Actor[] = [];
  /** When processes were killed or had ended, by process id. */
  readonly deaths = new Map<number, number>();
  readonly workerDeaths: WorkerDeath[] = [];
  #proxyPort = 0;
  readonly #random: Random;
  readonly #forget: () => void;

  private constructor(postgres: TemporaryPostgres, directory: string, random: Random) {
    this.postgres = postgres;
    this.directory = directory;
    this.#random = random;
    this.proxy = new LossyProxy(postgres.port, random.fork());
    this.#forget = atExit(() => rmSync(directory, { recursive: true, force: true }));
  }

  static async open({ servers, workers, random }: StageOptions): Promise<Stage> {
    const postgres = await TemporaryPostgres.create();
    const directory = await mkdtemp(path.join(tmpdir(), 'longshore-chaos-'));
    const stage = new Stage(postgres, directory, random.fork());
    try {
      await stage.#start(servers, workers);
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get ledger(): string {
    return path.join(this.directory, 'ledger');
  }

  /** Where the processes log to. */
  get log(): string {
    return path.join(this.directory, 'log');
  }

  /** The way that servers take, through their proxy. */
  get lossyUrl(): string {
    return this.postgres.url('chaos', this.#proxyPort);
  }

  /** The sure way, for the verdict. */
  get url(): string {
    return this.postgres.url('chaos');
  }

  store(url: string): Store {
    return new Store({ url, poolSize: 4, logger: createLogger('silent', 'chaos'), applicationName: 'chaos' });
  }

  async #start(servers: number, workers: number): Promise<void> {
    await this.postgres.start();
    await this.postgres.createDatabase('chaos');
    this.#proxyPort = await this.proxy.start();
    const entry = await bundleProcesses('chaos', [SERVER, WORKER]);
    for (let n = 1; n <= servers; n += 1) {
      const argument: ServerArgument = {
        databaseUrl: this.lossyUrl,
        port: await freePort(),
        dataDir: path.join(this.directory, 'data'),
        adminPassword: ADMIN_PASSWORD,
      };
      this.servers.push(await this.#actor(`server ${n}`, () => Child.start(entry(SERVER), argument, this.log)));
      if (n === 1) await this.#startWorkers(entry(WORKER), workers, `http://127.0.0.1:${argument.port}`);
    }
  }

  async #startWorkers(entry: URL, workers: number, server: string): Promise<void> {
    const token = await makeWorkerKey(server);
    for (let n = 1; n <= workers; n += 1) {
      const argument: WorkerArgument = {
        stage: this.name,
        id: `worker-${n}`,
        ledger: this.ledger,
        maxTasks: MAX_TASKS,
        ...(n === workers ? { server, token } : { databaseUrl: await this.#workerUrl() }),
      };
      this.workers.push(await this.#actor(argument.id, () => Child.start(entry, argument, this.log)));
    }
  }

  async #workerUrl(): Promise<string> {
    const proxy = new LossyProxy(this.postgres.port, this.#random.fork());
    const port = await proxy.start();
    this.workerProxies.push(proxy);
    return this.postgres.url('chaos', port);
  }

  /** The share of committing writes whose answer is lost, on every way to the database. */
  set lossRate(rate: number) {
    for (const proxy of [this.proxy, ...this.workerProxies]) proxy.lossRate = rate;
  }

  get losses(): number {
    return [this.proxy, ...this.workerProxies].reduce((sum, { losses }) => sum + losses, 0);
  }

  async #actor(name: string, launch: () => Promise<Child>): Promise<Actor> {
    const actor = new Actor(name, launch, (pid, at) => {
      this.deaths.set(pid, at);
      // By the database's clock too, which on one machine is this one. Nobody asks for those of servers.
      this.workerDeaths.push({ worker: name, at: new Date(Date.now() - (monotonicMs() - at)) });
    });
    await actor.start();
    return actor;
  }

  /** Ends all processes in order; the database stays for the verdict. */
  async stopProcesses(): Promise<void> {
    await Promise.all(this.workers.map((actor) => actor.stop()));
    await Promise.all(this.servers.map((actor) => actor.stop()));
  }

  /** Ends and removes everything. */
  async close(): Promise<void> {
    await Promise.all([...this.workers, ...this.servers].map((actor) => actor.kill()));
    await Promise.all([this.proxy, ...this.workerProxies].map((proxy) => proxy.stop()));
    await this.postgres.remove();
    await rm(this.directory, { recursive: true, force: true });
    this.#forget();
  }
}

async function post(url: string, body: object, token?: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

/** @returns an API key for a worker, made as an operator makes one */
async function makeWorkerKey(server: string): Promise<string> {
  const login = await post(`${server}/auth/login`, { username: 'admin', password: ADMIN_PASSWORD });
  const { access_token } = login.data as { access_token: string };
  const made = await post(`${server}/v1/sync/api-keys`, { name: 'chaos', permissions: ['worker'] }, access_token);
  return String(made.key);
}
