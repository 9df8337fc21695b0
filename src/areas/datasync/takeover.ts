import type { Json } from '../../protocol/executor.ts';
import type { LeasedRun } from '../../protocol/worker.ts';
import type { Queryable } from '../../store/store.ts';
import { type DestinationSpec, modeOf } from './executor/spec/destinations.ts';
import { SYNC_KIND } from './kinds.ts';
import { runsTakenOver } from './queries/takeover.ts';

interface Spec {
  readonly [field: string]: Json | undefined;
  readonly destination?: DestinationSpec & { [field: string]: Json };
}

/** Where all rows are appended each time, whoever repeats what another run has committed doubles it. */
function appendsAll({ sync_mode: syncMode, destination, partitions, preview }: Spec): boolean {
  // A divided run tells its parts itself.
  if (!destination || syncMode === 'incremental' || partitions || preview !== undefined) return false;
  return modeOf(destination) === 'append';
}

/**
 * Tells runs that were just leased which runs they take over from: those before them that did not succeed, as far as the
 * engine knows. When they are leased and not when they are made, for a run may be made while the one before it ends.
 */
export async function tellTakeovers(db: Queryable, runs: LeasedRun[]): Promise<LeasedRun[]> {
  const concerned = runs.filter(({ kind, spec }) => kind === SYNC_KIND && appendsAll(spec as Spec));
  if (concerned.length === 0) return runs;
  const found = await runsTakenOver(
    db,
    concerned.map(({ id }) => id),
  );
  return runs.map((run) => {
    const first = found.get(run.id);
    return first === undefined ? run : { ...run, spec: { ...(run.spec as Spec), takes_over: first } };
  });
}
