import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { bundle } from '../../scripts/bundle.ts';
import { readLocalKey } from '../../src/cli/remote/local.ts';
import { sleep } from '../../src/kernel/clock.ts';
import { environment } from '../../src/kernel/config.ts';
import { packageRoot } from '../../src/kernel/package.ts';
import { atExit } from '../../test/support/at-exit.ts';
import { familyOf } from '../support/family.ts';

/** How often it is asked whether a run has ended: less often than the API's limit. When it did, its own times say. */
const POLL_MS = 100;

interface RunView {
  readonly id: string;
  readonly status: string;
  readonly error: string | null;
  readonly finished_at: string | null;
  readonly result: { readonly records_read: number } | null;
}

/** The key of this machine's administrator, which the server writes when it has started. */
async function localKey(dataDir: string): Promise<string> {
  for (let left = 300; left > 0; left -= 1) {
    const key = await readLocalKey(dataDir);
    if (key !== undefined) return key;
    await sleep(100);
  }
  throw new Error('the server has written no key');
}

/** `longshore up` on a database, reached as users reach it: its server and its worker are processes of their own. */
export class Product {
  readonly #process: ChildProcess;
  readonly #server: string;
  readonly #token: string;

  private constructor(child: ChildProcess, server: string, token: string) {
    this.#process = child;
    this.#server = server;
    this.#token = token;
  }

  /** @param dataDir for what it writes down */
  static async start(databaseUrl: string, dataDir: string): Promise<Product> {
    const folder = path.join(packageRoot, 'node_modules/.cache/longshore/bench-product');
    await mkdir(folder, { recursive: true });
    for (const file of await bundle(folder)) await writeFile(file.path, file.contents);
    const child = spawn(
      process.execPath,
      [path.join(folder, 'longshore.js'), 'up', '--port', '0', '--data-dir', dataDir],
      {
        cwd: packageRoot,
        env: { ...environment(), DATABASE_URL: databaseUrl },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    atExit(() => child.kill('SIGTERM'));
    const lines = createInterface(child.stdout);
    let server = '';
    for await (const line of lines) {
      server = /https?:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? server;
      if (server !== '') break;
    }
    child.stdout.resume();
    if (server === '') throw new Error('longshore up ended by itself');
    return new Product(child, server, await localKey(dataDir));
  }

  /** Makes a job of this name. @returns its id */
  async createJob(job: object): Promise<string> {
    const { id } = await this.#call<{ id: string }>('POST', '/v1/sync/jobs', job);
    return id;
  }

  /** Starts a job and waits for its run. @returns seconds from the request to the end of the run */
  async run(job: string, rows: number): Promise<number> {
    const startedAt = Date.now();
    const { run_id } = await this.#call<{ run_id: string }>('POST', `/v1/sync/jobs/${job}/start`, {});
    for (;;) {
      const { items } = await this.#call<{ items: RunView[] }>('GET', `/v1/sync/jobs/${job}/runs?per_page=1`);
      const run = items.find(({ id }) => id === run_id);
      if (run?.status === 'completed') {
        if (run.result?.records_read !== rows) throw new Error(`${run.result?.records_read} of ${rows} rows were read`);
        return (Date.parse(run.finished_at ?? '') - startedAt) / 1000;
      }
      if (run?.status === 'failed' || run?.status === 'cancelled') throw new Error(run.error ?? run.status);
      await sleep(POLL_MS);
    }
  }

  /** @returns seconds until the push was answered, which makes it durable, and until it was loaded */
  async push(file: string, dataset: string, rows: number): Promise<{ answered: number; loaded: number }> {
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1000;
    const body = Readable.toWeb(createReadStream(file, { highWaterMark: 256 * 1024 }));
    const response = await fetch(`${this.#server}/v1/sync/push/stream?source=${dataset}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/x-ndjson' },
      body,
      duplex: 'half',
    });
    const answer = (await response.json()) as { request_id: string; accepted: number };
    const answered = seconds();
    if (answer.accepted !== rows) throw new Error(`the push was not taken: ${JSON.stringify(answer).slice(0, 500)}`);
    for (;;) {
      const path = `/v1/sync/push/requests/${answer.request_id}`;
      type View = Pick<RunView, 'status' | 'error'>;
      const { status, error } = await this.#call<View>('GET', path);
      if (status === 'completed') return { answered, loaded: seconds() };
      if (status === 'failed') throw new Error(error ?? status);
      await sleep(POLL_MS);
    }
  }

  /** The most memory that the worker has had, in MB. */
  async peakWorkerMb(): Promise<number> {
    for (const pid of await familyOf(this.#process.pid ?? 0)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (!command.split('\0').includes('worker')) continue;
      const status = await readFile(`/proc/${pid}/status`, 'latin1');
      return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1000;
    }
    throw new Error('there is no worker');
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exited;
  }

  async #call<T>(method: string, to: string, body?: object): Promise<T> {
    const response = await fetch(this.#server + to, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${to}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
