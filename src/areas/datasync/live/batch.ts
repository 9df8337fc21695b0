import { rfc3339 } from '../../../kernel/clock.ts';
import { idOf } from '../ids.ts';
import type { Channel, EventType, Wanted } from './channels.ts';
import { textFrame } from './frame.ts';
import { seqOf } from './seq.ts';

/** What one event tells subscribers of one job, in order. */
export interface Told {
  /** The message's `type`. */
  readonly type: string;
  /** Told to whoever wants one of these. */
  readonly eventTypes: readonly EventType[];
  readonly payload: object;
  readonly runId: number;
}

/** Frames of a batch, ready to be written. */
export interface Selection {
  readonly frames: Buffer;
  readonly count: number;
  /** Of the first. */
  readonly seq: number;
}

interface BatchOptions {
  readonly channel: Channel;
  /** The event's number. */
  readonly event: number;
  readonly at: Date;
  readonly jobId: number | null;
  readonly told: readonly Told[];
  /** The place of the first message within the event. */
  readonly place?: number;
}

/**
 * The messages of one event on one channel about one job. Each is made into text and a frame once, when the first
 * subscriber wants it, however many there are.
 */
export class Batch {
  readonly channel: Channel;
  readonly event: number;
  readonly jobId: number | null;
  readonly #options: BatchOptions;
  readonly #place: number;
  readonly #frames: Buffer[] = [];
  readonly #selections = new Map<Wanted, Selection | undefined>();

  constructor(options: BatchOptions) {
    this.channel = options.channel;
    this.event = options.event;
    this.jobId = options.jobId;
    this.#place = options.place ?? 0;
    this.#options = options;
  }

  /** The `seq` of its first message: no other batch has it. */
  get seq(): number {
    return seqOf(this.event, this.#place);
  }

  /** How far a run is: the next one says all that this one does. */
  get isProgress(): boolean {
    return this.#options.told.every(({ type }) => type === 'sync_progress');
  }

  /** What of it is wanted; undefined = nothing. */
  select(wanted: Wanted): Selection | undefined {
    if (this.#selections.has(wanted)) return this.#selections.get(wanted);
    const selection = this.#selectFrom(wanted, 0);
    this.#selections.set(wanted, selection);
    return selection;
  }

  /** What of it is wanted and behind `seq`. */
  selectAfter(wanted: Wanted, seq: number): Selection | undefined {
    return seq < this.seq ? this.select(wanted) : this.#selectFrom(wanted, seq);
  }

  #selectFrom(wanted: Wanted, after: number): Selection | undefined {
    const chosen: Buffer[] = [];
    let first: number | undefined;
    for (const [index, { eventTypes }] of this.#options.told.entries()) {
      const seq = seqOf(this.event, this.#place + index);
      if (seq <= after) continue;
      if (wanted && !eventTypes.some((type) => wanted.has(type))) continue;
      first ??= seq;
      chosen.push(this.#frame(index, seq));
    }
    if (first === undefined) return undefined;
    const [only] = chosen;
    const frames = chosen.length === 1 && only ? only : Buffer.concat(chosen);
    return { frames, count: chosen.length, seq: first };
  }

  #frame(index: number, seq: number): Buffer {
    const known = this.#frames[index];
    if (known) return known;
    const { told, at, jobId } = this.#options;
    const message = told[index];
    if (!message) throw new RangeError(`a batch of ${told.length} has no message ${index}`);
    const { type, payload, runId } = message;
    const job_id = jobId === null ? null : idOf('job', jobId);
    const frame = textFrame(
      JSON.stringify({ type, payload, timestamp: rfc3339(at), seq, job_id, run_id: idOf('run', runId) }),
    );
    this.#frames[index] = frame;
    return frame;
  }
}
