import { Cron } from 'croner';
import { invalidField } from '../kernel/errors.ts';
import type { Schedule } from './model.ts';

/** Parsed expressions: parsing costs far more than asking for the next instant, and servers have the same few. */
const parsed = new Map<string, Cron>();
const MOST_PARSED = 20_000;

/**
 * Five fields begin with minutes, six with seconds, seven end with the year. Other shapes (`@daily`, four fields) are
 * refused, so that an expression means the same everywhere.
 * @throws AppError naming `schedule` or `timezone`
 */
export function parseCron(expression: string, timezone: string): Cron {
  const key = `${timezone}\n${expression}`;
  const known = parsed.get(key);
  if (known) return known;
  const fields = expression.trim().split(/\s+/);
  if (fields.length < 5 || fields.length > 7 || expression.length > 500) {
    throw invalidField(
      'schedule',
      `"${expression.slice(0, 100)}" is not a cron expression: it needs 5 fields (minute hour day month weekday), 6 (seconds first) or 7 (year last)`,
    );
  }
  checkTimezone(timezone);
  let cron: Cron;
  try {
    cron = new Cron(fields.join(' '), { ...zoneOf(timezone), paused: true, mode: 'auto', alternativeWeekdays: false });
  } catch (error) {
    throw invalidField('schedule', `"${expression}" is not a cron expression: ${reason(error)}`);
  }
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(key, cron);
  return cron;
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, '');
}

/** UTC as an offset, since a zone is asked of the calendar at every step, which takes eight times as long. */
function zoneOf(timezone: string): { utcOffset: number } | { timezone: string } {
  return timezone === 'UTC' ? { utcOffset: 0 } : { timezone };
}

/** As many as there are zones: asking for one costs more than an expression's next instant. */
const knownZones = new Set<string>();

/** @throws AppError naming `timezone` */
export function checkTimezone(timezone: string): void {
  if (knownZones.has(timezone)) return;
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    knownZones.add(timezone);
  } catch {
    throw invalidField('timezone', `"${timezone}" is not an IANA time zone such as Asia/Shanghai`);
  }
}

const LONGEST_INTERVAL_SECONDS = 31_536_000;
const MARKED = /^@(every|once)\s+(\S+)$/;

/** When a schedule fires, its bounds aside. */
type Rule =
  | { readonly cron: Cron }
  | { readonly everyMs: number }
  /** Milliseconds since the epoch. */
  | { readonly onceMs: number };

/** @throws AppError naming `schedule` or `timezone` */
function ruleOf({ cron, timezone }: Schedule): Rule {
  const [, mark, value = ''] = MARKED.exec(cron.trim()) ?? [];
  if (mark === undefined) return { cron: parseCron(cron, timezone) };
  checkTimezone(timezone);
  if (mark === 'once') return { onceMs: onceOf(value) };
  const seconds = /^[1-9]\d{0,7}$/.test(value) ? Number(value) : Infinity;
  if (seconds > LONGEST_INTERVAL_SECONDS) {
    throw invalidField('schedule', `@every needs whole seconds from 1 to ${LONGEST_INTERVAL_SECONDS}`);
  }
  return { everyMs: seconds * 1000 };
}

function onceOf(text: string): number {
  const shaped = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/i.test(text);
  const ms = shaped ? Date.parse(text.toUpperCase()) : Number.NaN;
  // A day that its month does not have is taken for one of the next month.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== text.slice(0, 19).toUpperCase()) {
    throw invalidField('schedule', '@once needs a time in UTC such as 2030-01-31T06:00:00Z');
  }
  return ms;
}

/** Whether a schedule is of one instant, which has passed. */
export function isOver(schedule: Schedule, now: Date): boolean {
  const rule = ruleOf(schedule);
  return 'onceMs' in rule && rule.onceMs <= now.getTime();
}

/**
 * The first instant after `after`, within the schedule's bounds; null when there is none.
 * Wall times that a zone skips (spring) fire at the next valid instant; those that it repeats (autumn) fire once.
 * @param counted where `@every` counts from if the schedule has no start: an instant of it, or when it was written
 */
export function nextInstant(schedule: Schedule, after: Date, counted: Date = after): Date | null {
  const { startsAt, expiresAt } = schedule;
  // A start that lies ahead may itself be an instant: ask from just before it.
  const from = startsAt && startsAt > after ? new Date(startsAt.getTime() - 1) : after;
  const next = instantAfter(ruleOf(schedule), from, startsAt ?? counted);
  return !next || (expiresAt && next >= expiresAt) ? null : next;
}

/** @param counted an instant of what fires at intervals */
function instantAfter(rule: Rule, after: Date, counted: Date): Date | null {
  if ('cron' in rule) return rule.cron.nextRun(after);
  if ('onceMs' in rule) return rule.onceMs > after.getTime() ? new Date(rule.onceMs) : null;
  const passed = Math.floor((after.getTime() - counted.getTime()) / rule.everyMs);
  return new Date(counted.getTime() + (passed + 1) * rule.everyMs);
}

/**
 * The first firing of a new or changed schedule.
 * @param counted as for `nextInstant`: what an interval that is kept goes on from
 * @throws AppError naming `schedule` when it would never fire
 */
export function firstInstant(schedule: Schedule, now: Date, counted: Date = now): Date {
  const next = nextInstant(schedule, now, counted);
  if (next) return next;
  if (isOver(schedule, now))
    throw invalidField('schedule', `"${schedule.cron}" has passed; give it a time that lies ahead`);
  const bound = schedule.startsAt || schedule.expiresAt ? ' between its start and its expiry' : '';
  throw invalidField('schedule', `"${schedule.cron}" never fires${bound}; give it a date that exists and lies ahead`);
}

export interface Firing {
  /** The instants to make runs for, oldest first. */
  readonly instants: Date[];
  /** The first instant that these leave unserved, which may lie in the past: a later round then goes on there. */
  readonly next: Date | null;
}

/** An instant that is served within this time is on time, whatever the misfire policy. */
const ON_TIME_MS = 2000;
/** No two instants of a schedule lie closer together. */
const GRAIN_MS = 1000;

/**
 * What a job that is due at `due` fires now, and when it fires next.
 * Each instant that is on time is served. Those that passed unserved before are misfires: `coalesce` makes one run for
 * all of them, which is that of the instants on time where there is one, else the latest's; `all` makes one each; `skip`
 * none. Those further back than `catchupSeconds` are let go in every case.
 * @param due an instant of the schedule
 * @param most instants in one answer, at least 1; the others remain due
 */
export function decideFiring(schedule: Schedule, due: Date, now: Date, most: number): Firing {
  const onTime = now.getTime() - ON_TIME_MS;
  const caughtUp = schedule.catchupSeconds === null ? -Infinity : now.getTime() - schedule.catchupSeconds * 1000;
  const oldest = Math.min(onTime, caughtUp);
  const eachFrom = schedule.misfire === 'all' ? oldest : onTime;
  const instants: Date[] = [];
  let instant = due.getTime() >= eachFrom ? due : nextInstant(schedule, new Date(eachFrom - 1), due);
  while (instant && instant <= now && instants.length < most) {
    instants.push(instant);
    instant = nextInstant(schedule, instant, due);
  }
  if (instants.length === 0 && schedule.misfire === 'coalesce') {
    const latest = latestInstant(schedule, due, now);
    if (latest.getTime() >= oldest) instants.push(latest);
  }
  return { instants, next: instant };
}

/**
 * The latest instant until `now`, `due` being one. It halves the time between them instead of walking: after a long
 * sleep a schedule of each second would have millions of instants.
 */
function latestInstant(schedule: Schedule, due: Date, now: Date): Date {
  let latest = due;
  // Nothing fires after `silentFrom`, until now.
  let silentFrom = now.getTime();
  while (silentFrom - latest.getTime() >= GRAIN_MS) {
    const middle = Math.floor((latest.getTime() + silentFrom) / 2);
    const instant = nextInstant(schedule, new Date(middle), due);
    if (instant && instant <= now) latest = instant;
    else silentFrom = middle;
  }
  return latest;
}
