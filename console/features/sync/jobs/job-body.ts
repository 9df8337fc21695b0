import { isJsonObject, type Json, type JsonObject, type SyncJob } from '../../../api/sync-model.ts';
import { withoutAbsent } from '../../../ui/schema-form/schema.ts';
import { emptied } from './job-settings.ts';

/** What a job says of itself besides its definition. */
const STATE_FIELDS = [
  'id',
  'connector_type',
  'status',
  'progress',
  'records_processed',
  'records_total',
  'started_at',
  'eta',
  'finished_at',
  'error',
  'next_run_at',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof SyncJob)[];

/** The body that would create such a job; what nobody said is left out. */
export function definitionOf(job: SyncJob): JsonObject {
  const stated: ReadonlySet<string> = new Set(STATE_FIELDS);
  const fields = Object.entries(job).filter(([name]) => !stated.has(name));
  return withoutAbsent(Object.fromEntries(fields) as Record<string, Json | undefined>);
}

/** What a new job begins with: the fields that it cannot be without. */
export const NEW_JOB: JsonObject = {
  name: '',
  connector: { type: 'rest_api', config: { endpoints: [{}] } },
  transformations: [],
  destination: { type: 'database' },
  schedule: { type: 'manual' },
};

function same(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The fields that differ, so that what somebody else has changed meanwhile stays. Emptied ones go back to defaults. */
export function changeOf(before: JsonObject, after: JsonObject): JsonObject {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const now = (name: string) => (name in after ? after[name] : emptied(name));
  const changed = names.filter((name) => !same(before[name], now(name)));
  return withoutAbsent(Object.fromEntries(changed.map((name) => [name, now(name)])));
}

/** @throws SyntaxError for what is no JSON; Error for what is no object */
export function parseBody(text: string): JsonObject {
  const body: unknown = JSON.parse(text);
  if (!isJsonObject(body)) throw new Error('no object');
  return body;
}
