import type { Json } from '../../../api/sync-model.ts';
import type { Schema } from '../../../ui/schema-form/schema.ts';

const NULL: Schema = { type: 'null' };

/**
 * How a job syncs, as `SyncJobCreate` in `docs/openapi/datasync.json` has it; what it is made of is another matter. A
 * default is what emptying the field goes back to.
 */
export const JOB_SETTINGS: Schema = {
  title: 'JobSettings',
  properties: {
    sync_mode: { enum: ['full_refresh', 'incremental'], default: 'full_refresh' },
    conflict: {
      title: 'ConflictPolicy',
      required: ['strategy'],
      properties: {
        strategy: { enum: ['source_wins', 'target_wins', 'timestamp', 'field_merge', 'manual'] },
        timestamp_column: { type: 'string' },
      },
      default: { strategy: 'source_wins' },
    },
    max_errors: {
      anyOf: [{ type: 'integer', minimum: 0 }, NULL],
      default: 10_000,
      description: 'A run that refuses more fails; 10,000 unless told.',
    },
    max_error_ratio: {
      anyOf: [{ type: 'number', minimum: 0, maximum: 1 }, NULL],
      default: null,
      description: 'The same as a part of all records read, looked at from the 100th record on.',
    },
    batch_size: {
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      default: 10_000,
      description: 'Records that are committed at once: a checkpoint.',
    },
    partitions: {
      anyOf: [{ type: 'integer', minimum: 2, maximum: 32 }, NULL],
      default: null,
      description:
        'Divides each run into so many, which any worker may take: a database by ranges of an integer key, a REST API by pages. For a full refresh to a table, by append or upsert.',
    },
    change_events: {
      type: 'boolean',
      default: true,
      description: 'At most 10,000 a run, and none while a table is first filled.',
    },
    retry_count: { type: 'integer', minimum: 0, maximum: 100, default: 3 },
    retry_delay_seconds: { type: 'integer', minimum: 0, maximum: 86_400, default: 5 },
    timeout_seconds: {
      anyOf: [{ type: 'integer', minimum: 1, maximum: 31_536_000 }, NULL],
      default: null,
      description: 'Of one attempt; none unless told.',
    },
    tags: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'It only runs on workers that have all of them.',
    },
  },
};

/** What an emptied field of a job goes back to; undefined for those that a job cannot be without. */
export function emptied(name: string): Json | undefined {
  if (name === 'description') return '';
  if (name === 'transformations') return [];
  return JOB_SETTINGS.properties?.[name]?.default;
}

/** Optional fields that most people want to see, as `Title.name`. */
export const PROMINENT: ReadonlySet<string> = new Set([
  'RestConfig.auth',
  'RestEndpoint.method',
  'RestEndpoint.record_path',
  'RestEndpoint.pagination',
  'RestEndpoint.cursor_field',
  'OffsetPagination.page_param',
  'OffsetPagination.limit',
  'PagePagination.limit',
  'CursorPagination.cursor_path',
  'CursorPagination.limit',
  'DatabaseConfig.port',
  'DatabaseConfig.password',
  'DatabaseConfig.table',
  'DatabaseConfig.query',
  'DatabaseConfig.cursor_column',
  'DatabaseLogin.port',
  'DatabaseLogin.password',
  'FileConfig.file_id',
  'FileConfig.url',
  'FileConfig.format',
  'DatabaseDestination.mode',
  'DatabaseDestination.key_columns',
  'DatasetDestination.mode',
  'DatasetDestination.key_columns',
  'DatasetDestination.category',
  'FileDestination.format',
  'FileDestination.mode',
  'RestDestination.method',
  'RestDestination.auth',
  'JobSettings.sync_mode',
  'JobSettings.conflict',
]);
