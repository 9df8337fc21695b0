import type { Row, Value } from '../../pipeline/contracts.ts';
import type { Budget } from '../budget.ts';

/** What an expression sees while it runs over one row. */
export interface Scope {
  row: Row;
  /** The same for all rows of a run. */
  readonly now: Date;
  readonly budget: Budget;
}

/** Something cannot be done with these values; whoever knows where it stands in the source says so. */
export class OperationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'OperationError';
  }
}

/** A part of an expression, ready to run. */
export type Evaluate = (scope: Scope) => Value;
