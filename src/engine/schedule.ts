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

/**
 * The first instant after `after`, within the schedule's bounds; null when there is none.
 * Wall times that a zone skips (spring) fire at the next valid instant; those that it repeats (autumn) fire once.
 */
export function nextInstant(schedule: Schedule, after: Date): Date | null {
  const cron = parseCron(schedule.cron, schedule.timezone);
  // A start that lies ahead may itself be an instant: ask from just before it.
  const from = schedule.startsAt && schedule.startsAt > after ? new Date(schedule.startsAt.getTime() - 1) : after;
  const next = cron.nextRun(from);
  if (!next || (schedule.expiresAt && next >= schedule.expiresAt)) return null;
  return next;
}

/**
 * The first firing of a new or changed schedule.
 * @throws AppError naming `schedule` when it would never fire
 */
export function firstInstant(schedule: Schedule, now: Date): Date {
  const next = nextInstant(schedule, now);
  if (!next) {
    const bound = schedule.expiresAt ? ' before it expires' : '';
    throw invalidField('schedule', `"${schedule.cron}" never fires${bound}; give it a date that exists and lies ahead`);
  }
  return next;
}

export interface Firing {
  /** The instants to make runs for, oldest first. */
  readonly instants: Date[];
  /** The first instant that these leave unserved, which may lie in the past: a later round then goes on there. */
  readonly next: Date | null;
}

/** An instant that is served within this time is on time, whatever the misfire policy. */
const ON_TIME_MS = 2000;
/** Schedules have no finer grain. */
const GRAIN_MS = 1000;

/**
 * What a job that is due at `due` fires now, and when it fires next.
 * Instants that passed unserved are misfires: `coalesce` makes one run, for the latest of them; `all` one each;
 * `skip` none. Those further back than `catchupSeconds` are let go in every case.
 * @param due an instant of the schedule
 * @param most instants in one answer; with `all` the others remain due
 */
export function decideFiring(schedule: Schedule, due: Date, now: Date, most: number): Firing {
  const onTime = now.getTime() - ON_TIME_MS;
  const caughtUp = schedule.catchupSeconds === null ? -Infinity : now.getTime() - schedule.catchupSeconds * 1000;
  const oldest = schedule.misfire === 'skip' ? onTime : Math.min(onTime, caughtUp);
  if (schedule.misfire !== 'all') {
    const latest = latestInstant(schedule, due, now);
    return { instants: latest.getTime() >= oldest ? [latest] : [], next: nextInstant(schedule, now) };
  }
  const instants: Date[] = [];
  let instant = due.getTime() >= oldest ? due : nextInstant(schedule, new Date(oldest - 1));
  while (instant && instant <= now && instants.length < most) {
    instants.push(instant);
    instant = nextInstant(schedule, instant);
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
    const instant = nextInstant(schedule, new Date(middle));
    if (instant && instant <= now) latest = instant;
    else silentFrom = middle;
  }
  return latest;
}
