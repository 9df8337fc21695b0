import { isJsonObject, type SyncRun } from '../../../api/sync-model.ts';

/** What a run that has ended says of its records. */
export const RESULT_NUMBERS = ['records_read', 'records_written', 'records_rejected', 'records_removed'] as const;

export type RunResult = Partial<Record<(typeof RESULT_NUMBERS)[number], number>>;

/** The numbers of a sync that has ended; undefined for previews, and while it goes on. */
export function resultOf({ result }: Pick<SyncRun, 'result'>): RunResult | undefined {
  if (!isJsonObject(result) || typeof result.records_read !== 'number') return undefined;
  const known = RESULT_NUMBERS.map((name) => [name, result[name]] as const);
  return Object.fromEntries(known.filter(([, value]) => typeof value === 'number'));
}
