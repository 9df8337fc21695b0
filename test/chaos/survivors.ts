import { readdirSync, readFileSync } from 'node:fs';

/** The environment variable by which the processes of a run are known from outside. */
export const RUN_VARIABLE = 'CHAOS_RUN';

export interface Survivor {
  readonly pid: number;
  readonly run: string;
}

/**
 * Every live process on this machine that belongs to a run of this chaos.
 * @param stage tells the runs of this chaos from those of another one on the same machine
 */
export function processesOfRuns(stage: string): Survivor[] {
  const prefix = `${RUN_VARIABLE}=${stage}:`;
  const found: Survivor[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // Empty for a process that is dead and only waits to be collected.
      const variable = readFileSync(`/proc/${name}/environ`, 'latin1')
        .split('\0')
        .find((entry) => entry.startsWith(prefix));
      if (variable) found.push({ pid: Number(name), run: variable.slice(prefix.length) });
    } catch {
      // It has ended since, or is not ours to look at.
    }
  }
  return found;
}
