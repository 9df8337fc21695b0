import { open } from 'node:fs/promises';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { SyncState } from '../pipeline/contracts.ts';
import type { Fence } from './database-engine.ts';
import { generationsOf, overtaken, refuseOvertaken } from './database-fence.ts';
import { readIfThere, settle } from './file-log.ts';
import type { ExportPaths } from './file-path.ts';

/** What stands beside an exported file: who writes it, and how much of it counts. */
export interface KeptFile extends Kept {
  readonly job: string;
  readonly run_id: number;
  readonly epoch: number;
}

export interface Kept {
  /** Bytes that count, of the file or of the rows that it will be made of. */
  readonly bytes: number;
  /** Whether a run is under way: then what stands behind `bytes` does not count, else it is somebody's. */
  readonly writing: boolean;
  readonly state: SyncState | null;
}

const validator = Compile(
  Type.Object({
    job: Type.String(),
    run_id: Type.Integer(),
    epoch: Type.Integer(),
    bytes: Type.Integer({ minimum: 0 }),
    writing: Type.Boolean(),
    state: Type.Union([Type.Null(), Type.Unsafe<SyncState>(Type.Object({ run_id: Type.Integer() }))]),
  }),
);

/**
 * Keeps the state of an exported file. It is replaced whole, which is the commit: data first, then this. That somebody
 * else has taken over is seen before each commit; attempts of a run follow each other anyway, as a worker that loses its
 * lease stops before another has it.
 */
export class FileState {
  readonly #paths: ExportPaths;
  readonly #fence: Fence;

  constructor(paths: ExportPaths, fence: Fence) {
    this.#paths = paths;
    this.#fence = fence;
  }

  /**
   * Takes the fence; `take` makes the new state of what this job has kept, undefined when it kept nothing.
   * @throws ExecutorError when a later attempt of the job has been here
   */
  async open(
    take: (kept: KeptFile | undefined) => Promise<Pick<KeptFile, 'bytes' | 'writing' | 'state'>>,
  ): Promise<void> {
    const found = await this.#read();
    const family = generationsOf(this.#fence.jobKey);
    const own = found && (found.job === this.#fence.jobKey || (family !== undefined && found.job.startsWith(family)));
    if (found && own) refuseOvertaken([found], this.#fence);
    const shown = found && found.job !== this.#fence.jobKey ? { ...found, state: null } : found;
    await this.#write(await take(shown));
  }

  /** @throws ExecutorError when somebody else has taken over; nothing is committed then */
  async commit(kept: Kept): Promise<void> {
    await this.check();
    await this.#write(kept);
  }

  async check(): Promise<void> {
    const { jobKey, runId, epoch } = this.#fence;
    const found = await this.#read();
    if (found?.job !== jobKey || found.run_id !== runId || found.epoch !== epoch) throw overtaken();
  }

  async #read(): Promise<KeptFile | undefined> {
    const text = await readIfThere(this.#paths.state);
    if (text === undefined) return undefined;
    try {
      const found: unknown = JSON.parse(text);
      return validator.Check(found) ? found : undefined;
    } catch {
      // Not written by us: it is replaced as a whole.
      return undefined;
    }
  }

  async #write(kept: Kept): Promise<void> {
    const { jobKey, runId, epoch } = this.#fence;
    const whole: KeptFile = { job: jobKey, run_id: runId, epoch, ...kept };
    const fresh = `${this.#paths.state}.${runId}-${epoch}`;
    const handle = await open(fresh, 'w', 0o640);
    try {
      await handle.writeFile(JSON.stringify(whole));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await settle(fresh, this.#paths.state, this.#paths.folder);
  }
}
