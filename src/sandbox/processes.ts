import { readdirSync, readFileSync, statSync } from 'node:fs';

/** What /proc says of a process. */
export interface ProcessStat {
  readonly pid: number;
  /** One letter; Z is a zombie, X is dead. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly threads: number;
  /** When it started, in clock ticks since boot. With the pid it names a process for good. */
  readonly startTicks: number;
}

/** @returns undefined when there is no such process */
export function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the name in parentheses, which may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    state: fields[0] ?? 'X',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    threads: Number(fields[17]),
    startTicks: Number(fields[19]),
  };
}

/** Every process that is alive. Reads of /proc never wait for a disk: doing it at once is quicker than a thread pool. */
export function listProcesses(): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const name of readdirSync('/proc')) {
    const first = name.charCodeAt(0);
    if (first < 0x30 || first > 0x39) continue;
    const stat = readStat(Number(name));
    if (stat && stat.state !== 'Z' && stat.state !== 'X') found.push(stat);
  }
  return found;
}

/** How many processes and threads a user has, as RLIMIT_NPROC counts them. */
export function threadsOfUser(uid: number): number {
  let count = 0;
  for (const { pid, threads } of listProcesses()) {
    if (statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid) count += threads;
  }
  return count;
}

/** The environment that the process was started with, entries ended by NUL; empty when it may not be read. */
export function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

/** Sends `signal` to each; those that have ended, or that may not be signalled, are passed over. */
export function signalAll(pids: Iterable<number>, signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ESRCH' && code !== 'EPERM') throw error;
    }
  }
}
