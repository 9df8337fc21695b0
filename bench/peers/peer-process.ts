/** A peer's worker in a process of its own: drains a queue and tells how long it took, or tells of each start. */
import { childArgument, monotonicMs, serveUntilTold, tell } from '../../test/support/child.ts';
import { peerNamed } from './all.ts';

export interface PeerProcess {
  readonly peer: string;
  readonly url: string;
  readonly concurrency: number;
  /** How many jobs there are to drain; 0 = works until it is stopped and tells of each start. */
  readonly drain: number;
}

/** Milliseconds from the first start. */
export interface Drained {
  readonly type: 'drained';
  /** Until the last job had started: no-ops end as they start. */
  readonly executedMs: number;
  /** Until every job was recorded as done. */
  readonly recordedMs: number;
}

export interface Started {
  readonly type: 'started';
  readonly sample: number;
  /** When, by the monotonic clock. */
  readonly at: number;
}

const { peer: name, url, concurrency, drain } = childArgument<PeerProcess>();
const peer = peerNamed(name);
const seen = { count: 0, firstAt: 0 };

async function tellDrained(executedMs: number): Promise<void> {
  while (!(await queue?.allRecorded(drain)));
  tell({ type: 'drained', executedMs, recordedMs: monotonicMs() - seen.firstAt } satisfies Drained);
}

function countStart(): void {
  if (seen.count === 0) seen.firstAt = monotonicMs();
  seen.count += 1;
  if (seen.count === drain) void tellDrained(monotonicMs() - seen.firstAt);
}

function tellStart(sample: number): void {
  tell({ type: 'started', sample, at: monotonicMs() } satisfies Started);
}

// Only to look whether all is recorded; opened first, so that opening it is not measured.
const queue = drain > 0 ? await peer.open(url) : undefined;
const work = await peer.work(url, { concurrency, onStart: drain > 0 ? countStart : tellStart });
await serveUntilTold(async () => {
  await work.stop();
  await queue?.close();
});
