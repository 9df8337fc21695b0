import { Type } from 'typebox';
import { MOST_PARTITIONS } from '../partition.ts';
import { Closed, Identifier } from './fields.ts';

const CONFLICT_STRATEGIES = ['source_wins', 'target_wins', 'timestamp', 'field_merge', 'manual'] as const;

const ConflictPolicy = Closed('ConflictPolicy', {
  strategy: Type.Enum([...CONFLICT_STRATEGIES], { default: 'source_wins' }),
  timestamp_column: Type.Optional(Identifier),
});

/** How a job syncs; every field has a default. */
export const syncFields = {
  sync_mode: Type.Optional(Type.Enum(['full_refresh', 'incremental'], { default: 'full_refresh' })),
  conflict: Type.Optional(ConflictPolicy),
  max_errors: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'Refused records beyond which a run fails; null = any number.',
    }),
  ),
  max_error_ratio: Type.Optional(
    Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
      description: 'The same as a part of all records read, looked at from the 100th record on.',
    }),
  ),
  batch_size: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 10_000,
      description: 'Records a batch: what is committed at once, and a checkpoint.',
    }),
  ),
  partitions: Type.Optional(
    Type.Union([Type.Integer({ minimum: 2, maximum: MOST_PARTITIONS }), Type.Null()], {
      description:
        'Divides each run into so many, which any worker may take: a database by ranges of an integer key, a csv or ndjson file by blocks, a rest_api by pages. For full_refresh to a table, by append or upsert. Null: one run does it all.',
    }),
  ),
  change_events: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        'Whether rows created and updated are told of, live; at most 10,000 a run, and none while a table is first filled.',
    }),
  ),
};
