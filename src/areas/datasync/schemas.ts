import { type Static, Type } from 'typebox';
import { Connector } from './executor/spec/connectors.ts';
import { DestinationSpec } from './executor/spec/destinations.ts';
import { tagged } from './executor/spec/fields.ts';
import { syncFields } from './executor/spec/sync.ts';
import { Transformations } from './executor/transforms/spec.ts';

export const Time = Type.String({ format: 'date-time', description: 'RFC 3339; answers are in UTC with `Z`.' });
export const OptionalTime = Type.Union([Time, Type.Null()]);

const Zone = Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'IANA name; UTC unless told.' }));

export const SyncSchedule = tagged([
  Type.Object(
    {
      type: Type.Literal('cron'),
      expression: Type.String({
        minLength: 1,
        maxLength: 500,
        description: '5 fields begin with minutes, 6 with seconds, 7 end with the year.',
      }),
      timezone: Zone,
    },
    { additionalProperties: false, title: 'CronSchedule' },
  ),
  Type.Object(
    { type: Type.Literal('interval'), seconds: Type.Integer({ minimum: 1, maximum: 31_536_000 }) },
    { additionalProperties: false, title: 'IntervalSchedule' },
  ),
  Type.Object({ type: Type.Literal('once'), at: Time }, { additionalProperties: false, title: 'OnceSchedule' }),
  Type.Object({ type: Type.Literal('manual') }, { additionalProperties: false, title: 'ManualSchedule' }),
]);
export type SyncSchedule = Static<typeof SyncSchedule>;

const jobFields = {
  name: Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: '^[^\\p{Cc}]*[^\\p{Cc}\\s][^\\p{Cc}]*$',
    description: 'Unique; no control characters.',
  }),
  description: Type.Optional(Type.String({ maxLength: 2000 })),
  connector: Connector,
  schedule: Type.Optional(SyncSchedule),
  transformations: Type.Optional(Transformations),
  destination: DestinationSpec,
  ...syncFields,
  enabled: Type.Optional(
    Type.Boolean({ description: 'False: the schedule rests; by hand it runs. True unless told.' }),
  ),
  retry_count: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'Extra attempts; 3 unless told.' })),
  retry_delay_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
  timeout_seconds: Type.Optional(
    Type.Union([Type.Integer({ minimum: 1, maximum: 31_536_000 }), Type.Null()], {
      description: 'Null, and unless told: none.',
    }),
  ),
  tags: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 100, pattern: '^\\S+$' }), {
      maxItems: 50,
      uniqueItems: true,
      description: 'It only runs on workers that have all of them.',
    }),
  ),
};

export const JobCreate = Type.Object(jobFields, { additionalProperties: false, title: 'SyncJobCreate' });
export type JobCreate = Static<typeof JobCreate>;

/** What is absent stays as it is. Takes effect at the next run. */
export const JobUpdate = Type.Object(Type.Partial(Type.Object(jobFields)).properties, {
  additionalProperties: false,
  minProperties: 1,
  title: 'SyncJobUpdate',
});
export type JobUpdate = Static<typeof JobUpdate>;
