import { sleep } from '../../src/kernel/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { processesOfRuns } from './survivors.ts';

const EVERY_MS = 500;

/**
 * Looks again and again for processes that live on although the engine holds their run no longer (it is cancelled, has
 * ended, or may be leased by another worker). @returns what was found, as text
 */
export async function watchForSurvivors(stage: string, store: Store, signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  while (!signal.aborted) {
    found.push(...(await survivorsNow(stage, store).catch(() => [])));
    await sleep(EVERY_MS, signal);
  }
  return found;
}

/** A process counts if it lived both before and after the database said that nobody holds its run. */
export async function survivorsNow(stage: string, store: Store): Promise<string[]> {
  const before = processesOfRuns(stage);
  if (before.length === 0) return [];
  const released = await store.query<{ id: number; state: string }>(
    'SELECT id, state FROM longshore.runs WHERE id = ANY ($1) AND session_id IS NULL',
    [before.map(({ run }) => Number(run))],
  );
  const states = new Map(released.map(({ id, state }) => [String(id), state]));
  const after = new Set(processesOfRuns(stage).map(({ pid }) => pid));
  return before
    .filter(({ pid, run }) => states.has(run) && after.has(pid))
    .map(({ pid, run }) => `process ${pid} of run ${run} lives, though the run is ${states.get(run)}`);
}
