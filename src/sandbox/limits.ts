import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { environment } from '../kernel/config.ts';
import { threadsOfUser } from './processes.ts';

/** Limits of a command. All but `processes` hold for each of its processes, not for their sum. */
export interface Limits {
  /** CPU seconds that a process may use up: SIGXCPU then, SIGKILL a second later. */
  readonly cpuSeconds?: number | undefined;
  /** Address space of a process in MiB; allocations beyond it fail. */
  readonly memoryMb?: number | undefined;
  /** Descriptors that a process may have open. */
  readonly openFiles?: number | undefined;
  /** Size of a file that a process may write, in MiB: SIGXFSZ beyond it. */
  readonly fileSizeMb?: number | undefined;
  /** Processes and threads of the whole tree at a time; further forks fail. */
  readonly processes?: number | undefined;
}

const MIB = 1024 * 1024;

/** What limits can be kept on this machine. */
export interface LimitSupport {
  /** The path of prlimit(1), which sets all limits but `processes`; undefined when it is not installed. */
  readonly prlimit: string | undefined;
  /**
   * tree: counted by the run's cgroup. user: by the processes of our user when the run starts, plus the limit; others of
   * the user count too. none: the kernel exempts root from that, or there is no prlimit.
   */
  readonly processes: 'tree' | 'user' | 'none';
}

export function limitSupport(treeCounts: boolean): LimitSupport {
  const prlimit = findProgram('prlimit');
  if (treeCounts) return { prlimit, processes: 'tree' };
  return { prlimit, processes: prlimit !== undefined && process.getuid?.() !== 0 ? 'user' : 'none' };
}

function findProgram(name: string): string | undefined {
  const folders = [...(environment().PATH ?? '').split(':'), '/usr/bin', '/bin'];
  return folders
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** What of `limits` cannot be kept, in words for the user. */
export function unsupported(limits: Limits, support: LimitSupport): string[] {
  const { processes, ...others } = limits;
  const problems: string[] = [];
  const wanted = Object.entries(others).filter(([, value]) => value !== undefined);
  if (wanted.length > 0 && support.prlimit === undefined) {
    problems.push('limits are not kept on this worker: prlimit (of util-linux) is not installed');
  }
  if (processes !== undefined && support.processes === 'none') {
    problems.push('the limit of processes is not kept on this worker: it can make no cgroup that counts them');
  }
  return problems;
}

/** The command, without the process to limit, that sets `limits`; empty when there is nothing to set. */
export function prlimitOptions(limits: Limits, support: LimitSupport): string[] {
  if (support.prlimit === undefined) return [];
  const options: string[] = [];
  if (limits.cpuSeconds !== undefined) options.push(`--cpu=${limits.cpuSeconds}:${limits.cpuSeconds + 1}`);
  if (limits.memoryMb !== undefined) options.push(`--as=${limits.memoryMb * MIB}`);
  if (limits.openFiles !== undefined) options.push(`--nofile=${limits.openFiles}`);
  if (limits.fileSizeMb !== undefined) options.push(`--fsize=${limits.fileSizeMb * MIB}`);
  if (limits.processes !== undefined && support.processes === 'user') {
    options.push(`--nproc=${threadsOfUser(process.getuid?.() ?? 0) + limits.processes}`);
  }
  return options.length > 0 ? [support.prlimit, ...options] : [];
}
