import type { ColumnType, Row } from '../pipeline/contracts.ts';

/** The records that are still there: a step replaces rows or takes some out, in both lists alike. */
export interface Flow {
  rows: Row[];
  /** Where each row stood in the batch. */
  places: number[];
}

/** Where a step says what it has found. */
export interface Findings {
  /** The record in this place is refused; the step takes it out. */
  reject(place: number, reason: string, field?: string): void;
  /** Something was changed that its author would want to know; counted, not told one by one. */
  note(field: string, message: string): void;
}

/** Types of the fields of which one is known. */
export type FieldTypes = ReadonlyMap<string, ColumnType>;

/** One transformation, compiled. */
export interface Step {
  /** Whether it sets fields of the rows it is given, which must then be ours. */
  readonly edits: boolean;
  /** Whether what it does depends on rows of earlier batches. */
  readonly remembers: boolean;
  /** What is known of the fields after it; the same as before unless it says. */
  types?(before: FieldTypes): FieldTypes;
  /** @throws RunFailure */
  apply(flow: Flow, findings: Findings): void;
}

/** What a step is compiled with. */
export interface StepOptions {
  /** What `now()` gives. */
  readonly now: Date;
}

/** A configuration that fits its schema and still cannot work. `field` is a dotted path in the configuration. */
export class StepError extends Error {
  readonly field: string;
  constructor(field: string, message: string) {
    super(message);
    this.name = 'StepError';
    this.field = field;
  }
}

/** A record that is to end the run. */
export class RunFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RunFailure';
  }
}

/** @throws StepError naming `field`, with the message of whatever `work` throws */
export function compiled<T>(field: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new StepError(field, error instanceof Error ? error.message : String(error));
  }
}

/** A step that looks at one record at a time; `work` gives the row that goes on, or undefined for none. */
export function perRow(edits: boolean, work: (row: Row, place: number, findings: Findings) => Row | undefined): Step {
  return {
    edits,
    remembers: false,
    apply(flow, findings) {
      const { rows, places } = flow;
      let kept = 0;
      for (let index = 0; index < rows.length; index++) {
        const row = rows[index];
        const place = places[index];
        if (row === undefined || place === undefined) continue;
        const next = work(row, place, findings);
        if (next === undefined) continue;
        rows[kept] = next;
        places[kept] = place;
        kept += 1;
      }
      rows.length = kept;
      places.length = kept;
    },
  };
}
