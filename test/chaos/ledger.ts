import { openSync, readFileSync, writeSync } from 'node:fs';
import { monotonicMs } from '../support/child.ts';

/**
 * What really happened, written by the executors themselves outside of everything that is tested: one line each to a
 * file that is only appended to.
 * - start: an execution begins          - done: its work is complete
 * - end: it has let go of everything    - intruder: it found a process of another execution of its run alive
 */
const PHASES = ['start', 'done', 'end', 'intruder'] as const;
export type Phase = (typeof PHASES)[number];

export interface LedgerLine {
  readonly phase: Phase;
  readonly run: number;
  readonly attempt: number;
  /** The worker process. */
  readonly pid: number;
  /** One execution of one attempt; an attempt that was given back and leased again has several. */
  readonly execution: string;
  /** By the monotonic clock, which all processes share. */
  readonly at: number;
}

export class LedgerWriter {
  readonly #fd: number;

  constructor(file: string) {
    this.#fd = openSync(file, 'a');
  }

  /** One write, so that lines of many processes never mix, and no buffer that could die with one of them. */
  write(line: Omit<LedgerLine, 'at' | 'pid'>): void {
    writeSync(
      this.#fd,
      `${line.phase} ${line.run} ${line.attempt} ${process.pid} ${line.execution} ${monotonicMs()}\n`,
    );
  }
}

export function readLedger(file: string): LedgerLine[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [word, run, attempt, pid, execution, at] = line.split(' ');
    const phase = PHASES.find((known) => known === word);
    if (!phase || !execution) throw new Error(`not a line of the ledger: ${line}`);
    return { phase, run: Number(run), attempt: Number(attempt), pid: Number(pid), execution, at: Number(at) };
  });
}
