import type { LeasedRun, LogLine, Outcome } from '../../src/protocol/worker.ts';
import type { TestServer } from './api-server.ts';

/** A worker played by a test, through the server's own routes for workers: it takes runs and says how they end. */
export class PlayedWorker {
  readonly #server: TestServer;
  readonly #path: string;
  readonly #token: string;
  readonly sessionId: number;

  private constructor(server: TestServer, id: string, token: string, sessionId: number) {
    this.#server = server;
    this.#path = `/api/workers/${id}`;
    this.#token = token;
    this.sessionId = sessionId;
  }

  /** @param token the admin's unless told */
  static async join(
    server: TestServer,
    id: string,
    kinds: readonly string[] = ['shell', 'http'],
    token = server.adminToken,
  ): Promise<PlayedWorker> {
    const body = {
      worker_id: id,
      name: id,
      tags: [],
      kinds,
      max_tasks: 10,
      hostname: 'test',
      version: '0.1.0',
      protocol: '1.0',
    };
    const answer = await server.call('POST', '/api/workers/register', { body, token });
    if (answer.status !== 200) throw new Error(`registering answered ${JSON.stringify(answer.body)}`);
    return new PlayedWorker(server, id, token, answer.body.data.session_id);
  }

  /** Waits until there is a run, and takes one. */
  async lease(): Promise<LeasedRun> {
    for (let tries = 0; tries < 20; tries += 1) {
      await this.#post('heartbeat', { held: [] });
      const [run] = (await this.#post('lease', { limit: 1, wait_ms: 2000 })).runs;
      if (run) return run;
    }
    throw new Error('there was no run to lease');
  }

  /** `from` is the number of the first line within the attempt. */
  async log(run: LeasedRun, from: number, lines: readonly Pick<LogLine, 'level' | 'message'>[]): Promise<void> {
    const at = new Date().toISOString();
    const logs = lines.map((line, index) => ({
      id: run.id,
      epoch: run.epoch,
      seq: from + index,
      at,
      stream: 'stdout',
      ...line,
    }));
    await this.#post('update', { logs, updates: [] });
  }

  async progress(run: LeasedRun, done: number, total: number): Promise<void> {
    const update = { id: run.id, epoch: run.epoch, progress_done: done, progress_total: total };
    await this.#post('update', { logs: [], updates: [update] });
  }

  async report(run: LeasedRun, outcome: Partial<Outcome> & Pick<Outcome, 'status'>): Promise<void> {
    const full = { id: run.id, epoch: run.epoch, retryable: true, log_bytes: 0, ...outcome };
    await this.#post('report', { outcomes: [full] });
  }

  async #post(action: string, body: object) {
    const answer = await this.#server.call('POST', `${this.#path}/${action}`, {
      body: { session_id: this.sessionId, ...body },
      token: this.#token,
    });
    if (answer.status !== 200) throw new Error(`${action} answered ${JSON.stringify(answer.body)}`);
    return answer.body.data;
  }
}
