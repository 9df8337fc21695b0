import { sleep } from '../../src/kernel/clock.ts';
import type { Executor } from '../../src/protocol/executor.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { LedgerWriter, Phase } from './ledger.ts';
import { processesOfRuns, RUN_VARIABLE } from './survivors.ts';

/** What a run of the chaos does. */
export type ChaosSpec = {
  /** How long it works. */
  readonly ms: number;
  /** In a process of its own, whose children ignore SIGTERM, instead of in the worker. */
  readonly command: boolean;
  /** Attempts up to this one fail. */
  readonly failures: number;
};

export const CHAOS_KIND = 'chaos';
const GRACE_MS = 300;

interface ChaosExecutorOptions {
  readonly stage: string;
  readonly ledger: LedgerWriter;
  readonly sandbox: Sandbox;
}

/** Does next to nothing, and keeps a ledger of it. */
export function chaosExecutor({ stage, ledger, sandbox }: ChaosExecutorOptions): Executor {
  let executions = 0;

  const command = async (run: number, ms: number, signal: AbortSignal) => {
    // A grandchild in a session of its own that will not listen to SIGTERM.
    const script = `setsid sh -c 'trap "" TERM; sleep 600' & sleep ${ms / 1000}`;
    await sandbox.run(
      { file: 'sh', args: ['-c', script], environment: { [RUN_VARIABLE]: `${stage}:${run}` } },
      { signal, graceMs: GRACE_MS, secrets: [], onLine: () => undefined, onNotice: () => undefined },
    );
  };

  return {
    kind: CHAOS_KIND,
    pausable: false,
    async run(spec, { runId, attempt, signal }) {
      const { ms, command: inCommand, failures } = spec as ChaosSpec;
      executions += 1;
      const execution = `${process.pid}.${executions}`;
      const note = (phase: Phase) => ledger.write({ phase, run: runId, attempt, execution });
      if (inCommand && processesOfRuns(stage).some(({ run }) => run === String(runId))) note('intruder');
      note('start');
      try {
        if (inCommand) await command(runId, ms, signal);
        else await sleep(ms, signal);
        signal.throwIfAborted();
        if (attempt <= failures) throw new Error(`attempt ${attempt} fails, as it was told to`);
        note('done');
        return {};
      } finally {
        note('end');
      }
    },
  };
}
