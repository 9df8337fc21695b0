/** What the benches ask of every queue, ours included. One file a peer. */
export interface Peer {
  readonly name: string;
  readonly server: 'postgres' | 'redis';
  /** Makes an empty queue at `url`: an empty database, or a Redis, of the peer's own. */
  create(url: string): Promise<void>;
  /** Connects to a queue that was made. */
  open(url: string): Promise<Queue>;
  /** A worker in this process, with up to `concurrency` jobs at a time. */
  work(url: string, options: WorkOptions): Promise<Work>;
}

export interface Queue {
  /** Enqueues `count` no-op jobs, in whatever batches the peer likes best. */
  fill(count: number): Promise<void>;
  /** Enqueues one job as an application would: durable when it resolves. */
  trigger(sample: number): Promise<void>;
  /** Whether every job is recorded as done. */
  allRecorded(count: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface WorkOptions {
  readonly concurrency: number;
  /** Called when a job starts, with what `trigger` was given. */
  onStart(sample: number): void;
}

export interface Work {
  stop(): Promise<void>;
}
