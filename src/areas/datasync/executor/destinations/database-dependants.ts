import { ExecutorError } from '../../../../protocol/executor.ts';

/** A foreign key by which rows of another table go, or lose what they refer to, when the table's rows are deleted. */
export interface Dependence {
  readonly table: string;
  readonly constraint: string;
  readonly dependant: string;
  readonly rule: string;
}

/** Why such a table's rows cannot be exchanged: for a moment all of them are deleted. */
export function dependantsWouldGo({ table, constraint, dependant, rule }: Dependence): ExecutorError {
  return new ExecutorError(
    `table "${table}" is not overwritten: rows of table "${dependant}" refer to it ON DELETE ${rule} (foreign key "${constraint}") and would be lost or changed; use mode upsert, or make the foreign key NO ACTION`,
    { retryable: false },
  );
}
