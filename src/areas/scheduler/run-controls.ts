import { recordAudit } from '../../auth/audit.ts';
import type { Actor } from '../../auth/identity.ts';
import type { Run } from '../../engine/model.ts';
import { cancelRun, pauseRun, resumeRun } from '../../engine/runs.ts';
import type { Tx } from '../../store/store.ts';
import { AREA } from './tasks.ts';

const CONTROLS = { cancel: cancelRun, pause: pauseRun, resume: resumeRun } as const;
export type RunControl = keyof typeof CONTROLS;

/**
 * Cancels, pauses or resumes a run, and records who did it in the same transaction.
 * @throws AppError `not_found`, `conflict` when the run is in no state for it; then nothing is recorded
 */
export async function controlRun(tx: Tx, actor: Actor, control: RunControl, id: number): Promise<Run> {
  const run = await CONTROLS[control](tx, AREA, id);
  const details = run.jobId === null ? {} : { task: run.jobId };
  await recordAudit(tx, actor, { action: `run.${control}`, target: `run:${id}`, details });
  return run;
}
