import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { startTestServer, type TestServer } from './api-server.ts';
import { afterFile } from './cleanup.ts';
import { Longshore } from './longshore.ts';
import { RestServer } from './rest-server.ts';
import { eventually } from './serving.ts';

/** A run of a sync job, as the API tells of it. */
export interface SyncRunView {
  readonly id: string;
  readonly job_id: string;
  readonly status: string;
  readonly trigger: string;
  readonly attempt: number;
  readonly error: string | null;
  readonly finished_at: string | null;
  readonly records_processed: number;
  readonly records_total: number | null;
  readonly result: {
    readonly records_read: number;
    readonly records_written: number;
    readonly records_rejected: number;
    readonly records_removed: number;
  } | null;
}

/**
 * What a sync job needs, all of it real: a server on a database of its own, the installed command line's worker beside
 * it, and a REST service to read from. Everything ends after the file's last test.
 */
export class SyncStage {
  readonly server: TestServer;
  readonly rest: RestServer;

  private constructor(server: TestServer, rest: RestServer) {
    this.server = server;
    this.rest = rest;
  }

  /**
   * @param env of the worker, over what it needs to find the database
   * @param consoleFolder a built console to serve; none unless told
   */
  static async start(env: NodeJS.ProcessEnv = {}, consoleFolder?: string): Promise<SyncStage> {
    const server = await startTestServer({}, consoleFolder);
    const rest = await RestServer.start();
    afterFile(() => rest.close());
    const longshore = await Longshore.build({
      DATABASE_URL: server.database.url,
      LONGSHORE_DIRECT_DATABASE_URL: server.database.directUrl,
      LONGSHORE_DATA_DIR: server.config.dataDir,
      ...env,
    });
    const worker = longshore.start(['worker', 'start', '--id', 'sync', '--drain', '0', '--log-level', 'warn']);
    afterFile(() => ended(worker));
    return new SyncStage(server, rest);
  }

  /** Makes a job. @returns its id */
  async create(body: object): Promise<string> {
    const answer = await this.server.call('POST', '/v1/sync/jobs', { body });
    if (answer.status !== 201) throw new Error(`the job was refused: ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }

  /** Starts a job. @returns the run's id */
  async start(job: string): Promise<string> {
    const answer = await this.control(job, 'start');
    if (answer.status !== 202) throw new Error(`the job does not start: ${JSON.stringify(answer.body)}`);
    return answer.body.run_id;
  }

  control(job: string, control: 'start' | 'pause' | 'resume' | 'cancel' | 'reset') {
    return this.server.call('POST', `/v1/sync/jobs/${job}/${control}`);
  }

  async job(job: string) {
    return (await this.server.call('GET', `/v1/sync/jobs/${job}`)).body;
  }

  /** Newest first. */
  async runs(job: string): Promise<SyncRunView[]> {
    return (await this.server.call('GET', `/v1/sync/jobs/${job}/runs`)).body.items;
  }

  /** The job's latest run, once `wanted` accepts it. */
  until(job: string, wanted: (run: SyncRunView) => boolean): Promise<SyncRunView> {
    return eventually(async () => {
      const [run] = await this.runs(job);
      return run && wanted(run) ? run : undefined;
    });
  }

  /** Starts a job, and waits until that run has ended. */
  async run(job: string): Promise<SyncRunView> {
    const id = await this.start(job);
    return this.until(job, (run) => run.id === id && run.finished_at !== null);
  }

  /** @throws with the run's error unless it completes */
  async complete(job: string): Promise<SyncRunView> {
    const run = await this.run(job);
    if (run.status !== 'completed') throw new Error(`the run is ${run.status}: ${run.error}`);
    return run;
  }

  /** Of the warehouse's database, where its tables lie in schema `data`. */
  query<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return this.server.store.query<T>(sql, [...values]);
  }
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
