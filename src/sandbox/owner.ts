import { readlinkSync } from 'node:fs';
import { readStat } from './processes.ts';

/**
 * Names a process so that another one can tell, later, whether it still lives: its pid namespace, its pid, and when it
 * started, in clock ticks since boot. A pid alone may belong to somebody else by then.
 */
const OWNER = /^(\d+)-(\d+)-(\d+)$/;

function pidNamespace(): string {
  return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
}

/** This process's name; only its pid where there is no /proc. */
export function ownName(): string {
  try {
    return `${pidNamespace()}-${process.pid}-${readStat(process.pid)?.startTicks ?? 0}`;
  } catch {
    return `0-${process.pid}-0`;
  }
}

/** Whether `name` is of a process that has ended for sure; false for what cannot be judged from here. */
export function hasEnded(name: string): boolean {
  const [, namespace, pid, startTicks] = OWNER.exec(name) ?? [];
  if (namespace === undefined || namespace !== pidNamespace()) return false;
  const stat = readStat(Number(pid));
  return stat === undefined || stat.state === 'Z' || stat.startTicks !== Number(startTicks);
}
