import { type Static, Type } from 'typebox';
import { JOB_STATUSES, MISFIRES, OVERLAPS, PRIORITIES } from '../../engine/model.ts';
import { HttpSpec, PythonSpec, ShellSpec } from './executor/spec.ts';

/** Of the paths' ids: those that we give out. */
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const WorkerId = Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9._:-]+$' });
export const Time = Type.String({ format: 'date-time', description: 'RFC 3339; answers are in UTC with `Z`.' });
const OptionalTime = Type.Union([Time, Type.Null()]);

const Tag = Type.String({ minLength: 1, maxLength: 100, pattern: '^\\S+$', description: 'text without spaces' });
export const Tags = Type.Array(Tag, { maxItems: 50, uniqueItems: true });

export const OUTCOMES = ['success', 'failed', 'cancelled'] as const;

const OnFinish = Type.Object(
  {
    url: Type.String({ pattern: '^https?://\\S+$', maxLength: 2000, description: 'an http or https URL' }),
    on: Type.Optional(
      Type.Array(Type.Enum([...OUTCOMES]), {
        // Not uniqueItems: without a type of their own, values are compared each with each. A set is made of them.
        minItems: 1,
        description: 'Which outcomes; all unless told.',
      }),
    ),
    secret: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description:
          'At least 8 characters. Signs the notice: `X-Longshore-Signature` is the HMAC-SHA256 of `timestamp.body` in hex, where `timestamp` is `X-Longshore-Timestamp`. That is when the run ended, not when the notice was sent: a receiver that was away gets it later. Write-only.',
      }),
    ),
  },
  { additionalProperties: false, title: 'OnFinish' },
);
export type OnFinish = Static<typeof OnFinish>;

/** What every task has, whatever its executor. */
const taskFields = {
  name: Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: '^[^\\p{Cc}]+$',
    description: 'Unique; no control characters.',
  }),
  description: Type.String({ maxLength: 2000 }),
  status: Type.Enum([...JOB_STATUSES], {
    description: 'paused: its schedule rests, by hand it runs. disabled: neither.',
  }),
  schedule: Type.Union([Type.String({ minLength: 1, maxLength: 500 }), Type.Null()], {
    description: 'Cron: 5 fields begin with minutes, 6 with seconds, 7 end with the year. Null = by hand only.',
  }),
  timezone: Type.String({ minLength: 1, maxLength: 100, description: 'IANA name; UTC unless told.' }),
  priority: Type.Enum([...PRIORITIES]),
  tags: Type.Array(Tag, {
    maxItems: 50,
    uniqueItems: true,
    description: 'It only runs on workers that have all of them.',
  }),
  retry_count: Type.Integer({ minimum: 0, maximum: 100, description: 'Extra attempts after a failed one.' }),
  retry_delay_seconds: Type.Integer({
    minimum: 0,
    maximum: 900,
    description: 'The first delay; it doubles with each failure, with full jitter, up to 15 minutes.',
  }),
  timeout_seconds: Type.Union([Type.Integer({ minimum: 1, maximum: 2_678_400 }), Type.Null()], {
    description: 'Of one attempt; at most 31 days. Null = none.',
  }),
  overlap: Type.Enum([...OVERLAPS], { description: 'What a firing does while an earlier run is live.' }),
  misfire: Type.Enum([...MISFIRES], { description: 'What happens to instants that passed while no server ran.' }),
  catchup_seconds: Type.Union([Type.Integer({ minimum: 0, maximum: 31_536_000 }), Type.Null()], {
    description: 'How long ago a missed instant may lie and still count. Null = however long.',
  }),
  max_concurrent: Type.Union([Type.Integer({ minimum: 1, maximum: 10_000 }), Type.Null()], {
    description:
      'Runs of this task at a time. Null = any number; 1 where the overlap policy makes runs wait (queue_one, queue_all, cancel_running).',
  }),
  starts_at: OptionalTime,
  expires_at: OptionalTime,
  jitter_seconds: Type.Integer({
    minimum: 0,
    maximum: 86_400,
    description: 'Each firing is delayed by a random part of it.',
  }),
  pause_on_failure: Type.Boolean({ description: 'Pause the schedule when a run has failed for good.' }),
  on_finish: Type.Union([OnFinish, Type.Null()], { description: 'A webhook that is told how runs end.' }),
};

/** The executors of the area and the schema of each one's part of a task. */
export const SPECS = { shell: ShellSpec, http: HttpSpec, python: PythonSpec } as const;
export type ExecutorName = keyof typeof SPECS;
export const EXECUTORS = Object.keys(SPECS) as ExecutorName[];

const TaskFields = Type.Object(taskFields);
export type TaskFields = Static<typeof TaskFields>;
const shared = { ...Type.Partial(TaskFields).properties, name: taskFields.name };

/** One schema a executor, told apart by `executor`: a problem is reported for the one that was meant. */
function perExecutor<Body>(title: string, branches: object[]) {
  return Type.Unsafe<Body>({
    type: 'object',
    title,
    required: ['executor'],
    discriminator: { propertyName: 'executor' },
    oneOf: branches,
  });
}

const ShellTaskCreate = Type.Object(
  { ...shared, executor: Type.Literal('shell'), ...ShellSpec.properties },
  { additionalProperties: false, title: 'ShellTaskCreate' },
);
const HttpTaskCreate = Type.Object(
  { ...shared, executor: Type.Literal('http'), ...HttpSpec.properties },
  { additionalProperties: false, title: 'HttpTaskCreate' },
);
const PythonTaskCreate = Type.Object(
  { ...shared, executor: Type.Literal('python'), ...PythonSpec.properties },
  { additionalProperties: false, title: 'PythonTaskCreate' },
);
export type TaskCreate =
  | Static<typeof ShellTaskCreate>
  | Static<typeof HttpTaskCreate>
  | Static<typeof PythonTaskCreate>;
export const TaskCreate = perExecutor<TaskCreate>('TaskCreate', [ShellTaskCreate, HttpTaskCreate, PythonTaskCreate]);

const specFields = { ...ShellSpec.properties, ...HttpSpec.properties, ...PythonSpec.properties };
/**
 * Any part of a task. Which of the executor's fields fit depends on the stored task, so the use case checks them;
 * what is absent stays as it is, and null takes an optional field of the executor away.
 */
export const TaskUpdate = Type.Object(
  {
    ...Type.Partial(TaskFields).properties,
    executor: Type.Optional(Type.Enum([...EXECUTORS])),
    ...Object.fromEntries(
      Object.entries(specFields).map(([field, schema]) => [field, Type.Optional(Type.Union([schema, Type.Null()]))]),
    ),
  },
  { additionalProperties: false, minProperties: 1, title: 'TaskUpdate' },
);
export type TaskUpdate = Partial<TaskFields> & { readonly executor?: ExecutorName };
