import { ExecutorError } from '../../../../protocol/executor.ts';
import type { Fence } from './database-engine.ts';

/** Keys of jobs end in a generation, which a reset raises: `job_7:2`. Runs are counted on through all of them. */
const GENERATION = /:\d+$/;

/** @returns what the keys of all generations of the job begin with; undefined where a key has none */
export function generationsOf(jobKey: string): string | undefined {
  return GENERATION.test(jobKey) ? jobKey.replace(GENERATION, ':') : undefined;
}

/** @returns between which keys, by bytes, those of all generations lie, the second not among them; else undefined */
export function generationRange(jobKey: string): [from: string, before: string] | undefined {
  // ';' is the character behind ':'.
  return GENERATION.test(jobKey) ? [jobKey.replace(GENERATION, ':'), jobKey.replace(GENERATION, ';')] : undefined;
}

export function overtaken(): ExecutorError {
  return new ExecutorError('another attempt of this job has taken over: this one writes no more', { retryable: false });
}

interface Attempt {
  readonly run_id: number;
  readonly epoch: number;
}

/** @throws ExecutorError when one of the job's rows tells of a later attempt */
export function refuseOvertaken(rows: readonly Attempt[], { runId, epoch }: Fence): void {
  const later = rows.find((row) => row.run_id > runId || (row.run_id === runId && row.epoch > epoch));
  if (!later) return;
  throw new ExecutorError(
    `a later attempt of this job (run ${later.run_id}) has written here: this one (run ${runId}) does not`,
    { retryable: false },
  );
}
