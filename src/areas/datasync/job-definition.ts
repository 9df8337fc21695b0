import type { Job, JobDefinition, Schedule } from '../../engine/model.ts';
import { validationError } from '../../http/validation.ts';
import { AppError, invalidField } from '../../kernel/errors.ts';
import { randomText } from '../../kernel/ids.ts';
import type { Json } from '../../protocol/executor.ts';
import { problemOfPath } from './executor/destinations/file-path.ts';
import type { Connector } from './executor/spec/connectors.ts';
import type { DestinationSpec } from './executor/spec/destinations.ts';
import { checkTransforms } from './executor/transforms/compile.ts';
import { AREA, SYNC_KIND } from './kinds.ts';
import { checkPartitions } from './partitions-check.ts';
import type { JobCreate, JobUpdate, SyncSchedule } from './schemas.ts';

const DEFAULT_RETRIES = 3;
const DEFAULT_RETRY_DELAY_SECONDS = 5;
/** The quarantine of one run is not to grow without end by default. */
const DEFAULT_MAX_ERRORS = 10_000;

/** The part of a body that a run takes along; the rest is the engine's. */
const SPEC_FIELDS = [
  'connector',
  'transformations',
  'destination',
  'sync_mode',
  'conflict',
  'max_errors',
  'max_error_ratio',
  'batch_size',
  'change_events',
  'partitions',
] as const;

/** A job's spec as it is stored: secrets are references. */
export interface SyncSpec {
  readonly [field: string]: Json;
  /** Names the job at the destination; a new one forgets what was synced. */
  readonly key: string;
}

/** Resolved when a run is leased: how to sign in to the warehouse. */
export const WAREHOUSE_LOGIN: Json = { $secret: 'warehouse' };

/** Names a job at its destination: a name of its own, and how often it was reset. */
export function newSyncKey(): string {
  return `${randomText(16)}:1`;
}

/** Names what is done a single time beside a job. */
export function onceKey(): string {
  return `once_${randomText(16)}`;
}

/** The key of the same job, all that was synced forgotten. */
export function nextSyncKey(key: string): string {
  const [name, generation] = key.split(':');
  return `${name}:${Number(generation) + 1}`;
}

function checkConnector({ type, config }: Connector): void {
  if (type === 'database' && (config.table === undefined) === (config.query === undefined)) {
    throw invalidField('connector.config.table', 'give either table or query');
  }
  if (type === 'file' && (config.file_id === undefined) === (config.url === undefined)) {
    throw invalidField('connector.config.file_id', 'give either file_id (an uploaded file) or url');
  }
}

function canBeIncremental({ type, config }: Connector): string | undefined {
  if (type === 'rest_api') {
    const without = config.endpoints.findIndex((endpoint) => endpoint.cursor_field === undefined);
    return without < 0 ? undefined : `connector.config.endpoints.${without}.cursor_field`;
  }
  if (type === 'database') return config.cursor_column === undefined ? 'connector.config.cursor_column' : undefined;
  return 'sync_mode';
}

function checkDestination(destination: DestinationSpec): void {
  if (destination.type === 'rest_api') return;
  if (destination.type === 'file') {
    const problem = problemOfPath(destination.path);
    if (problem !== undefined) throw invalidField('destination.path', `is refused: ${problem}`);
    const appends = destination.mode === 'append';
    const format = destination.format ?? destination.path.split('.').at(-1);
    if (appends && format !== 'csv' && format !== 'ndjson') {
      throw invalidField('destination.mode', 'append is possible to csv and ndjson files');
    }
    return;
  }
  if (destination.type === 'database' && destination.schema !== undefined && destination.connection === undefined) {
    throw invalidField(
      'destination.schema',
      'is of another database: give its connection; the warehouse has one schema',
    );
  }
  if (destination.mode === 'upsert' && destination.key_columns === undefined) {
    throw invalidField('destination.key_columns', 'is required to upsert: what makes a row the same row');
  }
}

function checkTogether(spec: JobCreate): void {
  const { destination, sync_mode = 'full_refresh', conflict } = spec;
  checkConnector(spec.connector);
  checkDestination(destination);
  const mode = 'mode' in destination ? destination.mode : undefined;
  if (sync_mode === 'incremental') {
    const missing = canBeIncremental(spec.connector);
    if (missing === 'sync_mode') throw invalidField(missing, `a ${spec.connector.type} is always read as a whole`);
    if (missing !== undefined) throw invalidField(missing, 'is required to sync incrementally');
    if (mode === 'overwrite') throw invalidField('destination.mode', 'overwrite needs sync_mode full_refresh');
  }
  if (conflict && conflict.strategy !== 'source_wins') {
    if (mode !== 'upsert') throw invalidField('conflict.strategy', 'needs a destination that is upserted');
    if (conflict.strategy === 'timestamp' && conflict.timestamp_column === undefined) {
      throw invalidField('conflict.timestamp_column', 'is required: which column tells the newer row');
    }
  }
  const onMissing = 'on_missing' in destination ? destination.on_missing : undefined;
  if (onMissing !== undefined && onMissing !== 'keep' && (sync_mode !== 'full_refresh' || mode !== 'upsert')) {
    throw invalidField('destination.on_missing', 'needs sync_mode full_refresh and mode upsert');
  }
  const problems = checkTransforms(spec.transformations ?? []);
  if (problems.length > 0) throw validationError(problems);
  checkPartitions(spec);
}

function scheduleOf(schedule: SyncSchedule | undefined): Schedule | null {
  if (schedule === undefined || schedule.type === 'manual') return null;
  const common = {
    timezone: 'UTC',
    startsAt: null,
    expiresAt: null,
    jitterSeconds: 0,
    overlap: 'skip',
    misfire: 'coalesce',
    catchupSeconds: null,
  } as const;
  if (schedule.type === 'interval') return { ...common, cron: `@every ${schedule.seconds}` };
  if (schedule.type === 'once') {
    const at = new Date(schedule.at);
    if (Number.isNaN(at.getTime())) throw invalidField('schedule.at', 'must be a time such as 2030-01-01T00:00:00Z');
    return { ...common, cron: `@once ${at.toISOString()}` };
  }
  const { timezone = 'UTC', expression } = schedule;
  return { ...common, timezone, cron: expression };
}

/** The schedule in the area's words. */
function scheduleAnswer(schedule: Schedule | null): SyncSchedule {
  if (!schedule) return { type: 'manual' };
  const [, every] = /^@every (\d+)$/.exec(schedule.cron) ?? [];
  if (every !== undefined) return { type: 'interval', seconds: Number(every) };
  const [, once] = /^@once (\S+)$/.exec(schedule.cron) ?? [];
  if (once !== undefined) return { type: 'once', at: once };
  return { type: 'cron', expression: schedule.cron, timezone: schedule.timezone };
}

/** The engine says `schedule`; what is wrong with it stands in a field of it here. */
export function inScheduleWords(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'validation') return error;
  const renamed: Readonly<Record<string, string>> = { schedule: 'schedule.expression', timezone: 'schedule.timezone' };
  const details = error.details.map((detail) => ({ ...detail, field: renamed[detail.field] ?? detail.field }));
  return validationError(details);
}

function withoutUndefined(fields: object): { [field: string]: Json } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function specOf(body: JobCreate, key: string): SyncSpec {
  const fields = withoutUndefined(Object.fromEntries(SPEC_FIELDS.map((field) => [field, body[field]])));
  const max_errors = body.max_errors === undefined ? DEFAULT_MAX_ERRORS : body.max_errors;
  return { ...fields, max_errors, key, warehouse: WAREHOUSE_LOGIN };
}

/**
 * A job's definition out of what a client says of it; its spec still holds secrets as they were given.
 * @throws AppError `validation` naming the field
 */
export function jobDefinition(body: JobCreate, key: string): JobDefinition {
  checkTogether(body);
  return {
    area: AREA,
    kind: SYNC_KIND,
    name: body.name,
    description: body.description ?? '',
    spec: specOf(body, key),
    status: (body.enabled ?? true) ? 'active' : 'paused',
    schedule: scheduleOf(body.schedule),
    priority: 'normal',
    tags: body.tags ?? [],
    retryCount: body.retry_count ?? DEFAULT_RETRIES,
    retryDelaySeconds: body.retry_delay_seconds ?? DEFAULT_RETRY_DELAY_SECONDS,
    timeoutSeconds: body.timeout_seconds ?? null,
    // Two runs at once would fence each other off at the destination.
    maxConcurrent: 1,
    pauseOnFailure: false,
    onFinish: null,
  };
}

/** A stored job as the body that would make it; secrets stay references. */
export function bodyOf(job: Job): JobCreate {
  const spec = job.spec as SyncSpec;
  const fields = Object.fromEntries(SPEC_FIELDS.filter((field) => field in spec).map((field) => [field, spec[field]]));
  return {
    // What is stored was checked when it came.
    ...(fields as unknown as Pick<JobCreate, (typeof SPEC_FIELDS)[number]>),
    name: job.name,
    description: job.description,
    schedule: scheduleAnswer(job.schedule),
    enabled: job.status === 'active',
    retry_count: job.retryCount,
    retry_delay_seconds: job.retryDelaySeconds,
    timeout_seconds: job.timeoutSeconds,
    tags: [...job.tags],
  };
}

/** What of a connector or destination says which records it is about. */
const PLACES = new Set([
  ...['type', 'base_url', 'url', 'endpoints', 'path', 'method', 'cursor_field', 'file_id', 'dataset_id', 'name'],
  ...['engine', 'host', 'port', 'database', 'schema', 'table', 'query', 'cursor_column', 'connection', 'config'],
]);

function placesOf({ connector, destination }: JobCreate): string {
  const place = (field: string, value: unknown) =>
    field === '' || /^\d+$/.test(field) || PLACES.has(field) ? value : undefined;
  return JSON.stringify([connector, destination], place);
}

/**
 * A job that from now on reads or writes something else begins from the start: a cursor of other records would pass over
 * these.
 * @throws AppError `validation` naming the field
 */
export function changedDefinition(job: Job, body: JobUpdate): JobDefinition {
  const spec = job.spec as SyncSpec;
  const next = { ...bodyOf(job), ...body };
  const moved = placesOf(next) !== placesOf(bodyOf(job));
  const changed = jobDefinition(next, moved ? nextSyncKey(spec.key) : spec.key);
  const state = spec.state === undefined || moved ? {} : { state: spec.state };
  return { ...changed, spec: { ...(changed.spec as SyncSpec), ...state } };
}
