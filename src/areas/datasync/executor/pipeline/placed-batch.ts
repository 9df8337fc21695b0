import type { Json } from '../../../../protocol/executor.ts';
import type { Batch } from './contracts.ts';

/** All of a batch but its position. */
export type BatchRecords = Omit<Batch, 'position'>;

/** Records with the position behind them; those that come as text stay so until somebody reads the rows. */
export class PlacedBatch implements Batch {
  readonly position: Json;
  readonly #records: BatchRecords;

  constructor(records: BatchRecords, position: Json) {
    this.#records = records;
    this.position = position;
  }

  get text() {
    return this.#records.text;
  }

  get rows() {
    return this.#records.rows;
  }

  get ordinals() {
    return this.#records.ordinals;
  }

  get rejects() {
    return this.#records.rejects;
  }
}
