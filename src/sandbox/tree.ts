import type { EndScript } from './dead-man.ts';

/** A run's processes: what was started, and everything that this started in turn. */
export interface ProcessTree {
  /** Directories of cgroups that the process enters, of its own accord, before it becomes the command. */
  readonly cgroups: readonly string[];
  /** Variables by which the tree's processes are known. */
  readonly environment: Readonly<Record<string, string>>;
  /** Told once, at once, when the first process has been started; it leads a session of its own. */
  started(pid: number): void;
  /** What can be signalled: pids of live processes (no zombies), or minus the number of a process group. */
  members(): Promise<number[]>;
  /** Sends SIGKILL to all. They end in their own time: ask `release`. */
  kill(): Promise<void>;
  /** @returns true when no process is left, and then the tree is no more; false when there is still one */
  release(): Promise<boolean>;
}

/** How a tree's processes are known, the firmest first; sandbox.ts says what each promises. */
export const TRACKINGS = ['cgroup', 'marker', 'group'] as const;
export type Tracking = (typeof TRACKINGS)[number];

/** Makes trees, all of one kind, for as long as this process lives. */
export interface TreeKeeper {
  readonly tracking: Tracking;
  /** Whether a tree's number of processes is limited by the kernel (`open`'s argument). */
  readonly limitsProcesses: boolean;
  /** Ends all trees and leaves the keeper as it is; undefined where trees cannot be told from outside. */
  readonly endScript: EndScript | undefined;
  /** @param processes most processes and threads at a time, where `limitsProcesses` */
  open(processes?: number): Promise<ProcessTree>;
  /** Ends what dead owners left. */
  sweep(): Promise<void>;
  /** Ends what is left of all trees. */
  close(): Promise<void>;
}
