import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLogger } from '../../src/kernel/logger.ts';
import { Store } from '../../src/store/store.ts';
import { atExit } from '../support/at-exit.ts';
import { bundleProcesses } from '../support/bundle.ts';
import { Child } from '../support/child.ts';
import { freePort, TemporaryPostgres } from '../support/temporary-postgres.ts';
import type { ServerArgument } from './processes/server.ts';
import type { SyncWorkerArgument } from './processes/sync-worker.ts';
import { SyncCell } from './sync-cell.ts';
import { SyncGate } from './sync-gate.ts';
import { SYNC_KINDS, suits } from './sync-records.ts';
import { openFolder, openSink, type Sink, type SinkEngine } from './sync-sink.ts';

const SERVER = 'test/chaos/processes/server.ts';
const WORKER = 'test/chaos/processes/sync-worker.ts';
const ADMIN_PASSWORD = 'chaos reigns over the harbour';
/** More than there are runs at a time, parts of others among them. */
const MAX_TASKS = 64;

/** How a worker reaches the engine. */
export type Transport = 'database' | 'http';

function gateTo({ database }: Sink): Promise<SyncGate | undefined> {
  return database ? SyncGate.open(database.port, database.protocol) : Promise.resolve(undefined);
}

/** All that takes part in syncs which are broken off: a control plane, a server, a worker, and a cell of each kind. */
export class SyncScene {
  readonly cells: SyncCell[] = [];
  readonly sinks: Sink[] = [];
  readonly #postgres: TemporaryPostgres;
  readonly #directory: string;
  readonly #port: number;
  #entry: (entry: string) => URL = () => new URL('none:');
  #store: Store | undefined;
  #server: Child | undefined;
  #worker: Child | undefined;
  #workers = 0;
  #token = '';
  #warehouseUrl = '';
  readonly #forget: () => void;

  private constructor(postgres: TemporaryPostgres, directory: string, port: number) {
    this.#postgres = postgres;
    this.#directory = directory;
    this.#port = port;
    this.#forget = atExit(() => rmSync(directory, { recursive: true, force: true }));
  }

  /** @param copies how many cells there are of each kind, but for what is sent in */
  static async open(engines: readonly SinkEngine[], copies: number): Promise<SyncScene> {
    const directory = await mkdtemp(path.join(tmpdir(), 'longshore-sync-'));
    const scene = new SyncScene(await TemporaryPostgres.create(), directory, await freePort());
    try {
      await scene.#start(engines, copies);
      return scene;
    } catch (error) {
      await scene.close();
      throw error;
    }
  }

  /** Where the processes log to. */
  get log(): string {
    return path.join(this.#directory, 'log');
  }

  get #exports(): string {
    return path.join(this.#directory, 'exports');
  }

  get store(): Store {
    if (!this.#store) throw new Error('the scene is not open');
    return this.#store;
  }

  async #start(engines: readonly SinkEngine[], copies: number): Promise<void> {
    await this.#postgres.start();
    await this.#postgres.createDatabase('chaos');
    const logger = createLogger('silent', 'chaos');
    this.#store = new Store({ url: this.#url, poolSize: 4, logger, applicationName: 'chaos' });
    this.#entry = await bundleProcesses('sync-chaos', [SERVER, WORKER]);
    for (const engine of engines) this.sinks.push(await openSink(engine));
    this.sinks.push(openFolder(this.#exports));
    const warehouse = await this.#openWarehouse();
    await this.startServer();
    const login = await this.call('POST', '/auth/login', { username: 'admin', password: ADMIN_PASSWORD });
    this.#token = (login.data as { access_token: string }).access_token;
    // Keys, unlike tokens, are good for as long as this may take.
    const permissions = ['worker', 'sync:read', 'sync:write'];
    const { key } = await this.call('POST', '/v1/sync/api-keys', { name: 'chaos', permissions });
    this.#token = String(key);
    const call = this.call.bind(this);
    for (const sink of this.sinks) {
      for (const kind of SYNC_KINDS.filter((one) => suits(one, sink.engine))) {
        for (let copy = 1; copy <= (kind === 'push' ? 1 : copies); copy += 1) {
          const rows = kind === 'push' ? warehouse : await gateTo(sink);
          this.cells.push(await SyncCell.open({ kind, sink, copy, call, rows }));
        }
      }
    }
  }

  /** What is sent in goes to the warehouse, through a gate. */
  async #openWarehouse(): Promise<SyncGate> {
    const sink = this.sinks.find(({ engine }) => engine === 'postgresql');
    const gate = sink && (await gateTo(sink));
    if (!sink?.database || !gate) throw new Error('a PostgreSQL is needed for what is sent in');
    const { username, database } = sink.database.login;
    this.#warehouseUrl = `postgresql://${username}@127.0.0.1:${gate.port}/${database}`;
    return gate;
  }

  get #url(): string {
    return this.#postgres.url('chaos');
  }

  async call(method: string, route: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${route}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  async startServer(): Promise<void> {
    const argument: ServerArgument = {
      databaseUrl: this.#url,
      port: this.#port,
      dataDir: path.join(this.#directory, 'data'),
      adminPassword: ADMIN_PASSWORD,
      warehouseUrl: this.#warehouseUrl,
    };
    this.#server = await Child.start(this.#entry(SERVER), argument, this.log);
  }

  /** SIGKILL. */
  async killServer(): Promise<void> {
    await this.#server?.kill();
  }

  async startWorker(transport: Transport): Promise<void> {
    this.#workers += 1;
    const argument: SyncWorkerArgument = {
      id: `sync-${this.#workers}`,
      maxTasks: MAX_TASKS,
      exportDir: this.#exports,
      ...(transport === 'http'
        ? { server: `http://127.0.0.1:${this.#port}`, token: this.#token }
        : { databaseUrl: this.#url, warehouseUrl: this.#warehouseUrl }),
    };
    this.#worker = await Child.start(this.#entry(WORKER), argument, this.log);
  }

  /** SIGKILL; the engine takes its lease as over, which else would take its time. */
  async killWorker(): Promise<void> {
    await this.#worker?.kill();
    await this.lapse();
  }

  /** Leaves the worker as it is, and its lease behind. @returns what is left of it: to be killed by whoever asks */
  async abandonWorker(): Promise<Child> {
    const worker = this.#worker;
    if (!worker) throw new Error('there is no worker');
    this.#worker = undefined;
    process.kill(worker.pid, 'SIGSTOP');
    await this.lapse();
    return worker;
  }

  async lapse(): Promise<void> {
    await this.store.query(
      "UPDATE longshore.worker_sessions SET lease_until = now() - interval '1 second' WHERE ended_at IS NULL",
    );
  }

  /** For people: where all runs are that have not ended, and what their cells have asked last. */
  async state(): Promise<string> {
    const runs = await this.store.query<{ line: string }>(
      `SELECT concat_ws(' ', id, kind, state, epoch, error) AS line FROM longshore.runs WHERE finished_at IS NULL`,
    );
    return [...runs.map(({ line }) => line), ...this.cells.map(({ story }) => story)].join('\n');
  }

  /** Whatever waits to be tried again is due now. */
  async hasten(): Promise<void> {
    await this.store.query("UPDATE longshore.runs SET run_at = now() WHERE state = 'retry_wait' AND run_at > now()");
  }

  /** Ends and removes everything. */
  async close(): Promise<void> {
    await Promise.all([this.#worker?.kill(), this.#server?.kill()]);
    await Promise.all(this.cells.map((cell) => cell.close()));
    await this.#store?.close();
    await Promise.all([this.#postgres.remove(), ...this.sinks.map((sink) => sink.remove())]);
    await rm(this.#directory, { recursive: true, force: true });
    this.#forget();
  }
}
