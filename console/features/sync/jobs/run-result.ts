import { isJsonObject, type SyncRun } from '../../../api/sync-model.ts';

/** What a run that has ended says of its records. */
export const RESULT_NUMBERS = ['records_read', 'records_written', 'records_rejected', 'records_removed'] as const;

export type RunResult = Partial<Record<(typeof RESULT_NUMBERS)[number], number>>;

/** The run that had done all of what a run was to do, and did not live to tell. */
export function takenOverFrom({ result }: Pick<SyncRun, 'result'>): string | undefined {
  const from = isJsonObject(result) ? result.taken_over_from : undefined;
  return isJsonObject(from) && typeof from.run_id === 'string' ? from.run_id : undefined;
}

/** The numbers of a sync that has ended; undefined for previews, and while it goes on. */
export function resultOf({ result }: Pick<SyncRun, 'result'>): RunResult | undefined {
  if (!isJsonObject(result) || typeof result.records_read !== 'number') return undefined;
  const known = RESULT_NUMBERS.map((name) => [name, result[name]] as const);
  return Object.fromEntries(known.filter(([, value]) => typeof value === 'number'));
}
