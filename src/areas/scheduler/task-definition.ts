import { Compile } from 'typebox/compile';
import type { SecretSeal } from '../../connections/sealing.ts';
import type { Job, JobDefinition, Schedule } from '../../engine/model.ts';
import { checkTimezone, parseCron } from '../../engine/schedule.ts';
import { problemsOf, validationError } from '../../http/validation.ts';
import { invalidField } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import { MASK } from '../../protocol/secret-names.ts';
import { isSecretRef, maskReferences, shownText } from '../../protocol/secret-refs.ts';
import {
  type ExecutorName,
  type OnFinish,
  SPECS,
  type TaskCreate,
  type TaskFields,
  type TaskUpdate,
} from './schemas.ts';
import { hasSecretHeaders, sealTask, type TaskSecrets } from './secrets.ts';

/** A run that nobody has bounded would hold its worker's slot for ever. */
const DEFAULT_TIMEOUT_SECONDS = 3600;
const DEFAULT_RETRY_DELAY_SECONDS = 5;
const SHORTEST_SECRET = 8;

type Spec = { [key: string]: Json };

const VALIDATORS = Object.fromEntries(Object.entries(SPECS).map(([name, schema]) => [name, Compile(schema)])) as Record<
  ExecutorName,
  ReturnType<typeof Compile>
>;

/** The part of a body that is its executor's. */
function specOf(executor: ExecutorName, body: Readonly<Record<string, unknown>>): Spec {
  const fields = Object.keys(SPECS[executor].properties);
  const given = Object.entries(body).filter(([field, value]) => fields.includes(field) && value !== null);
  // Bodies come from JSON.
  return Object.fromEntries(given) as Spec;
}

/** Every executor's fields, to tell one that belongs to another executor from one that nobody knows. */
const SPEC_FIELDS = new Set(Object.values(SPECS).flatMap((schema) => Object.keys(schema.properties)));

/** @param spec as a client gave it, with what stays as it is stored */
function checkSpec(executor: ExecutorName, spec: Spec): void {
  const validator = VALIDATORS[executor];
  // What is sealed was checked when it was given.
  const shown = maskReferences(spec) as Spec;
  if (!validator.Check(shown)) throw validationError(problemsOf(validator.Errors(shown), 'body'));
  if (executor === 'http' && !URL.canParse(String(shown.url))) {
    throw invalidField('url', 'must be an http or https URL');
  }
  if (executor === 'python' && (shown.command === undefined) === (shown.script === undefined)) {
    throw invalidField('command', 'give either command (a file on the worker) or script (the program itself)');
  }
}

/** @throws AppError for what looks like a time and is none, such as 2024-02-30 or a year that no calendar has */
function timeOf(field: string, text: string | null | undefined): Date | null {
  if (text === null || text === undefined) return null;
  const time = new Date(text);
  const year = time.getUTCFullYear();
  if (Number.isNaN(year) || year < 1970 || year > 9999) {
    throw invalidField(field, 'must be a time such as 2024-01-01T00:00:00Z');
  }
  return time;
}

/** What a schedule is like unless told. */
const SCHEDULE_DEFAULTS = {
  timezone: 'UTC',
  overlap: 'skip',
  misfire: 'coalesce',
  catchup_seconds: null,
  starts_at: null,
  expires_at: null,
  jitter_seconds: 0,
} as const satisfies Partial<TaskFields>;

/**
 * Options of a schedule that is not there would be lost. The defaults pass: answers name them for every task, and
 * clients send back what was answered.
 * @throws AppError `validation` naming the field
 */
function refuseScheduleOptions(fields: Partial<TaskFields>): void {
  for (const [field, usual] of Object.entries(SCHEDULE_DEFAULTS)) {
    const given = fields[field as keyof typeof SCHEDULE_DEFAULTS];
    if (given !== undefined && given !== usual) throw invalidField(field, 'needs a schedule, and the task has none');
  }
}

/** Fields that are absent keep what `before` has. */
function scheduleOf(fields: Partial<TaskFields>, before: Schedule | null): Schedule | null {
  if (fields.timezone !== undefined) checkTimezone(fields.timezone);
  const startsAt = fields.starts_at === undefined ? (before?.startsAt ?? null) : timeOf('starts_at', fields.starts_at);
  const expiresAt =
    fields.expires_at === undefined ? (before?.expiresAt ?? null) : timeOf('expires_at', fields.expires_at);
  if (startsAt && expiresAt && expiresAt <= startsAt) throw invalidField('expires_at', 'must lie after starts_at');
  const cron = fields.schedule === undefined ? (before?.cron ?? null) : fields.schedule;
  if (cron === null) {
    refuseScheduleOptions(fields);
    return null;
  }
  const timezone = fields.timezone ?? before?.timezone ?? SCHEDULE_DEFAULTS.timezone;
  // The engine takes more than cron; the contract of tasks does not.
  if (fields.schedule !== undefined) parseCron(cron, timezone);
  return {
    cron,
    timezone,
    startsAt,
    expiresAt,
    jitterSeconds: fields.jitter_seconds ?? before?.jitterSeconds ?? SCHEDULE_DEFAULTS.jitter_seconds,
    overlap: fields.overlap ?? before?.overlap ?? SCHEDULE_DEFAULTS.overlap,
    misfire: fields.misfire ?? before?.misfire ?? SCHEDULE_DEFAULTS.misfire,
    catchupSeconds: fields.catchup_seconds === undefined ? (before?.catchupSeconds ?? null) : fields.catchup_seconds,
  };
}

/** A stored URL as far as it may be known here: its origin is that of the sealed one. */
function urlOf({ url }: Spec): string {
  return isSecretRef(url) ? shownText(url) : String(url);
}

/** Whether an update sends the task's requests to another server than before. */
function movesElsewhere(next: Spec, stored: Spec): boolean {
  const [to, from] = [urlOf(next), urlOf(stored)];
  if (!URL.canParse(to) || !URL.canParse(from)) return false;
  return new URL(to).origin !== new URL(from).origin;
}

/**
 * Secret headers are no other server's to see: whoever may change a task, but not read them, would have them sent to
 * a server of their own.
 * @throws AppError `validation` when they would be kept as they are
 */
function withoutHeaders(body: TaskUpdate, { headers, ...rest }: Spec): Spec {
  if (!('headers' in body) && headers !== undefined && hasSecretHeaders(headers)) {
    throw invalidField('headers', 'hold secrets of the server that url named before; give them anew');
  }
  return rest;
}

function onFinishOf(given: OnFinish | null): Json {
  if (given === null) return null;
  const { url, on, secret } = given;
  if (!URL.canParse(url)) throw invalidField('on_finish.url', 'must be an http or https URL');
  if (secret !== undefined && secret !== MASK && secret.length < SHORTEST_SECRET) {
    throw invalidField('on_finish.secret', `must have at least ${SHORTEST_SECRET} characters`);
  }
  return { url, ...(on ? { on: [...new Set(on)] } : {}), ...(secret === undefined ? {} : { secret }) };
}

/** The two parts of a definition that hold secrets, with those sealed. */
function sealedParts(
  next: { readonly spec: Spec; readonly onFinish: Json },
  stored: TaskSecrets,
  seal: SecretSeal,
): { spec: Spec; onFinish: Json } {
  const { on_finish = null, ...spec } = sealTask({ ...next.spec, on_finish: next.onFinish }, stored, seal);
  return { spec, onFinish: on_finish };
}

function nameOf(name: string): string {
  if (name.trim() === '') throw invalidField('name', 'must not be blank');
  return name;
}

/**
 * A new task's definition, defaults filled in.
 * @param seal takes its secrets
 * @throws AppError `validation` naming the field
 */
export function newDefinition(area: string, body: TaskCreate, seal: SecretSeal): JobDefinition {
  const spec = specOf(body.executor, body);
  checkSpec(body.executor, spec);
  return {
    area,
    kind: body.executor,
    name: nameOf(body.name),
    description: body.description ?? '',
    ...sealedParts({ spec, onFinish: onFinishOf(body.on_finish ?? null) }, {}, seal),
    status: body.status ?? 'active',
    schedule: scheduleOf(body, null),
    priority: body.priority ?? 'normal',
    tags: body.tags ?? [],
    retryCount: body.retry_count ?? 0,
    retryDelaySeconds: body.retry_delay_seconds ?? DEFAULT_RETRY_DELAY_SECONDS,
    timeoutSeconds: body.timeout_seconds === undefined ? DEFAULT_TIMEOUT_SECONDS : body.timeout_seconds,
    maxConcurrent: body.max_concurrent ?? null,
    pauseOnFailure: body.pause_on_failure ?? false,
  };
}

/**
 * The definition that an update makes of `job`. With another executor the old one's fields are gone; else they stay,
 * and null takes one away.
 * @param seal takes its new secrets
 * @throws AppError `validation` naming the field
 */
export function changedDefinition(job: Job, body: TaskUpdate, seal: SecretSeal): JobDefinition {
  const executor = body.executor ?? (job.kind as ExecutorName);
  const own = Object.keys(SPECS[executor].properties);
  const foreign = Object.keys(body).find((field) => SPEC_FIELDS.has(field) && !own.includes(field));
  if (foreign !== undefined) throw invalidField(foreign, `is not a field of ${executor} tasks`);
  const stored = job.spec as Spec;
  const kept = executor === job.kind ? stored : {};
  const given = specOf(executor, { ...kept, ...body });
  checkSpec(executor, given);
  const restorable = movesElsewhere(given, kept) ? withoutHeaders(body, kept) : kept;
  const next = { spec: given, onFinish: body.on_finish === undefined ? job.onFinish : onFinishOf(body.on_finish) };
  const pick = <T>(given: T | undefined, before: T): T => (given === undefined ? before : given);
  return {
    area: job.area,
    kind: executor,
    name: body.name === undefined ? job.name : nameOf(body.name),
    description: body.description ?? job.description,
    ...sealedParts(next, { ...restorable, on_finish: job.onFinish }, seal),
    status: body.status ?? job.status,
    schedule: scheduleOf(body, job.schedule),
    priority: body.priority ?? job.priority,
    tags: body.tags ?? job.tags,
    retryCount: body.retry_count ?? job.retryCount,
    retryDelaySeconds: body.retry_delay_seconds ?? job.retryDelaySeconds,
    timeoutSeconds: pick(body.timeout_seconds, job.timeoutSeconds),
    maxConcurrent: pick(body.max_concurrent, job.maxConcurrent),
    pauseOnFailure: body.pause_on_failure ?? job.pauseOnFailure,
  };
}
