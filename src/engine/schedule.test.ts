import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule } from './model.ts';
import { decideFiring, type Firing, firstInstant, nextInstant, parseCron } from './schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function schedule(cron: string, change: Partial<Schedule> = {}): Schedule {
  return {
    cron,
    timezone: 'UTC',
    startsAt: null,
    expiresAt: null,
    jitterSeconds: 0,
    overlap: 'skip',
    misfire: 'coalesce',
    catchupSeconds: null,
    ...change,
  };
}

/**
 * An oracle that shares nothing with the code under test: it walks minutes, and asks Intl what each zone's wall says.
 * Rules: an hour that is skipped fires at the first instant after it; a repeated wall time fires the first time only;
 * but a schedule of every hour follows elapsed time, through both.
 */
class Oracle {
  readonly #format: Intl.DateTimeFormat;
  readonly #cache = new Map<number, number>();
  constructor(timezone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  }

  /** The wall's time at an instant, as if it were UTC. */
  wall(instant: number): number {
    const known = this.#cache.get(instant);
    if (known !== undefined) return known;
    const parts = Object.fromEntries(
      this.#format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts;
    const wall = Date.UTC(year, month - 1, day, hour, minute);
    this.#cache.set(instant, wall);
    return wall;
  }

  /** Instants within the year at which the zone's offset changes, found by bisection. */
  edges(year: number): number[] {
    const offset = (at: number) => this.wall(at) - at;
    const found: number[] = [];
    for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 12 * HOUR) {
      if (offset(at) === offset(at + 12 * HOUR)) continue;
      let [low, high] = [at, at + 12 * HOUR];
      while (high - low > MINUTE) {
        const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
        if (offset(middle) === offset(low)) low = middle;
        else high = middle;
      }
      found.push(high);
    }
    return found;
  }

  firings(matches: (hour: number, minute: number) => boolean, everyHour: boolean, from: number, to: number): string[] {
    const found = new Set<number>();
    const first = new Map<number, number>();
    let before = this.wall(from - MINUTE);
    const skipped: [number, number, number][] = [];
    for (let at = from; at < to; at += MINUTE) {
      const wall = this.wall(at);
      if (wall > before + MINUTE) skipped.push([before + MINUTE, wall, at]);
      if (!first.has(wall)) first.set(wall, at);
      if (everyHour && matchesWall(matches, wall)) found.add(at);
      before = wall;
    }
    if (!everyHour) {
      for (const [wall, at] of first) if (matchesWall(matches, wall)) found.add(at);
      for (const [start, end, at] of skipped) {
        for (let wall = start; wall < end; wall += MINUTE) if (matchesWall(matches, wall)) found.add(at);
      }
    }
    return [...found].sort((a, b) => a - b).map((at) => new Date(at).toISOString());
  }
}

function matchesWall(matches: (hour: number, minute: number) => boolean, wall: number): boolean {
  const date = new Date(wall);
  return matches(date.getUTCHours(), date.getUTCMinutes());
}

const EXPRESSIONS: [string, boolean, (hour: number, minute: number) => boolean][] = [
  ['30 2 * * *', false, (h, m) => h === 2 && m === 30],
  ['15 2 * * *', false, (h, m) => h === 2 && m === 15],
  ['0 0 * * *', false, (h, m) => h === 0 && m === 0],
  ['30 0 * * *', false, (h, m) => h === 0 && m === 30],
  ['30 23 * * *', false, (h, m) => h === 23 && m === 30],
  ['45 1 * * *', false, (h, m) => h === 1 && m === 45],
  ['10 3 * * *', false, (h, m) => h === 3 && m === 10],
  ['0 * * * *', true, (_h, m) => m === 0],
  ['*/15 * * * *', true, (_h, m) => m % 15 === 0],
];

describe('instants across every change of offset of five years', () => {
  const zones = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Santiago', 'Africa/Cairo'];
  it.each(zones)('%s', (timezone) => {
    const oracle = new Oracle(timezone);
    const edges = [2024, 2025, 2026, 2027, 2028].flatMap((year) => oracle.edges(year));
    expect(edges.length).toBeGreaterThanOrEqual(10);
    for (const edge of edges) {
      const [from, to] = [edge - 26 * HOUR, edge + 26 * HOUR];
      for (const [cron, everyHour, matches] of EXPRESSIONS) {
        const got: string[] = [];
        let at = nextInstant(schedule(cron, { timezone }), new Date(from - 1));
        while (at && at.getTime() < to) {
          got.push(at.toISOString());
          at = nextInstant(schedule(cron, { timezone }), at);
        }
        const where = `${cron} around ${new Date(edge).toISOString()}`;
        expect({ where, at: got }).toEqual({ where, at: oracle.firings(matches, everyHour, from, to) });
      }
    }
  });
});

describe('expressions', () => {
  const from = new Date('2025-01-01T00:00:00Z');
  it.each([
    ['0 */6 * * *', '2025-01-01T06:00:00.000Z'],
    ['0 */30 * * * *', '2025-01-01T00:30:00.000Z'],
    ['0 0 12 1 1 * 2030', '2030-01-01T12:00:00.000Z'],
    ['*/1 * * * * *', '2025-01-01T00:00:01.000Z'],
    ['0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
    ['0 0 1 * MON', '2025-01-06T00:00:00.000Z'],
  ])('%s first fires at %s', (cron, expected) => {
    expect(firstInstant(schedule(cron), from).toISOString()).toBe(expected);
  });

  it.each(['', '* * * *', '@daily', '60 * * * *', '*/0 * * * *', 'a b c d e', '1 2 3 4 5 6 7 8', '0 0 1 13 *'])(
    'refuses "%s" and names the field',
    (cron) => {
      expect(() => parseCron(cron, 'UTC')).toThrow(
        expect.objectContaining({ details: [expect.objectContaining({ field: 'schedule' })] }),
      );
    },
  );

  it.each(['0 0 31 2 *', '0 0 0 1 1 * 1999'])('refuses %s, which never fires', (cron) => {
    expect(() => firstInstant(schedule(cron), from)).toThrow(/never fires/);
  });

  it('refuses an unknown zone and names the field', () => {
    expect(() => parseCron('0 0 * * *', 'Mars/Olympus')).toThrow(/timezone: "Mars\/Olympus"/);
  });

  it('keeps within its bounds', () => {
    const bounds = { startsAt: new Date('2025-03-01T00:00:00Z'), expiresAt: new Date('2025-03-03T00:00:00Z') };
    const daily = schedule('0 0 * * *', bounds);
    const instants = [nextInstant(daily, from)];
    for (let last = instants[0]; last; ) {
      last = nextInstant(daily, last);
      instants.push(last);
    }
    expect(instants.map((at) => at?.toISOString() ?? null)).toEqual([
      '2025-03-01T00:00:00.000Z',
      '2025-03-02T00:00:00.000Z',
      null,
    ]);
  });
});

describe('intervals and single instants', () => {
  const now = new Date('2025-01-01T10:00:00.250Z');
  const startsAt = new Date('2025-01-01T09:59:00.100Z');
  const naming = (field: string, message: unknown) =>
    expect.objectContaining({ code: 'validation', details: [{ field, message }] });

  /** The first `count` firings after `now`, each asked for after the one before. */
  function walked(each: Schedule, count: number): string[] {
    const found: string[] = [];
    let at = firstInstant(each, now);
    for (let next: Date | null = at; next && found.length < count; next = nextInstant(each, at)) {
      at = next;
      found.push(at.toISOString().slice(11));
    }
    return found;
  }

  it('counts an interval from the moment it is written', () => {
    expect(walked(schedule('@every 90'), 3)).toEqual(['10:01:30.250Z', '10:03:00.250Z', '10:04:30.250Z']);
  });

  it('counts it from its start, which is an instant too', () => {
    const started = schedule('@every 90', { startsAt });
    expect(walked(started, 2)).toEqual(['10:00:30.100Z', '10:02:00.100Z']);
    const ahead = schedule('@every 90', { startsAt: new Date('2025-01-01T11:00:00Z') });
    expect(walked(ahead, 2)).toEqual(['11:00:00.000Z', '11:01:30.000Z']);
    const ending = schedule('@every 90', { startsAt, expiresAt: new Date('2025-01-01T10:02:00.100Z') });
    expect(walked(ending, 5)).toEqual(['10:00:30.100Z']);
  });

  it('goes on from an instant that it has, however late the question', () => {
    const due = new Date('2025-01-01T00:00:07Z');
    expect(firstInstant(schedule('@every 3600'), now, due)).toEqual(new Date('2025-01-01T10:00:07Z'));
  });

  it('takes one second and one year, and nothing beyond or between', () => {
    expect(firstInstant(schedule('@every 1'), now).getTime() - now.getTime()).toBe(1000);
    expect(firstInstant(schedule('@every 31536000'), now).getTime() - now.getTime()).toBe(31_536_000_000);
    for (const value of ['0', '-1', '1.5', '31536001', '99999999999', '1e3', '60s', 'day']) {
      expect(() => firstInstant(schedule(`@every ${value}`), now), value).toThrow(
        naming('schedule', expect.stringContaining('from 1 to 31536000')),
      );
    }
  });

  it('fires once at a single instant', () => {
    const once = schedule('@once 2025-01-01T10:00:00.5Z');
    expect(walked(once, 5)).toEqual(['10:00:00.500Z']);
    expect(nextInstant(once, new Date('2025-01-01T10:00:00.500Z'))).toBeNull();
  });

  it.each([
    ['@once 2025-01-01T10:00:00Z', /has passed/],
    ['@once 2025-02-30T00:00:00Z', /needs a time in UTC/],
    ['@once 2025-01-02T00:00:60Z', /needs a time in UTC/],
    ['@once 2025-01-02T00:00:00+08:00', /needs a time in UTC/],
    ['@once 2025-01-02', /needs a time in UTC/],
    ['@once tomorrow', /needs a time in UTC/],
  ])('refuses %s and names the field', (cron, message) => {
    expect(() => firstInstant(schedule(cron), now)).toThrow(naming('schedule', expect.stringMatching(message)));
  });

  it('refuses an instant outside of its bounds, and an unknown zone', () => {
    const once = '@once 2025-01-02T00:00:00Z';
    for (const bounds of [
      { startsAt: new Date('2025-01-03T00:00:00Z') },
      { expiresAt: new Date('2025-01-02T00:00:00Z') },
    ]) {
      expect(() => firstInstant(schedule(once, bounds), now)).toThrow(/never fires between/);
    }
    for (const cron of [once, '@every 60']) {
      expect(() => firstInstant(schedule(cron, { timezone: 'Mars/Olympus' }), now)).toThrow(
        naming('timezone', expect.anything()),
      );
    }
  });
});

describe('misfires', () => {
  const at = (text: string) => new Date(`2025-01-01T${text}Z`);
  const times = (firing: { instants: Date[] }) => firing.instants.map((each) => each.toISOString().slice(11, 19));

  it('fires once when it is on time', () => {
    const firing = decideFiring(schedule('* * * * *'), at('10:00:00'), at('10:00:00.200'), 10);
    expect(times(firing)).toEqual(['10:00:00']);
    expect(firing.next?.toISOString()).toBe('2025-01-01T10:01:00.000Z');
  });

  it.each([
    ['coalesce', ['10:05:00']],
    ['all', ['10:00:00', '10:01:00', '10:02:00', '10:03:00', '10:04:00', '10:05:00']],
    ['skip', []],
  ] as const)('%s, five minutes late', (misfire, expected) => {
    const firing = decideFiring(schedule('* * * * *', { misfire }), at('10:00:00'), at('10:05:30'), 10);
    expect(times(firing)).toEqual(expected);
    expect(firing.next?.toISOString()).toBe('2025-01-01T10:06:00.000Z');
  });

  it('lets instants go that lie further back than catchup_seconds', () => {
    const missed = schedule('* * * * *', { misfire: 'all', catchupSeconds: 120 });
    expect(times(decideFiring(missed, at('10:00:00'), at('10:05:30'), 10))).toEqual(['10:04:00', '10:05:00']);
    expect(
      times(decideFiring(schedule('0 * * * *', { catchupSeconds: 60 }), at('08:00:00'), at('10:05:30'), 10)),
    ).toEqual([]);
  });

  it('finds the latest instant after a sleep of years without walking through them', () => {
    const firing = decideFiring(schedule('* * * * * *'), new Date('2015-01-01T00:00:00Z'), at('10:05:30.500'), 10);
    expect(times(firing)).toEqual(['10:05:29', '10:05:30']);
    const yearly = decideFiring(schedule('0 0 1 6 *'), new Date('2015-06-01T00:00:00Z'), at('10:00:00'), 10);
    expect(yearly.instants.map((each) => each.toISOString())).toEqual(['2024-06-01T00:00:00.000Z']);
  });

  it('serves a single instant late, as its policy says, and never again', () => {
    const once = schedule('@once 2025-01-01T10:00:00Z');
    const late = (change: Partial<Schedule>) =>
      decideFiring({ ...once, ...change }, at('10:00:00'), at('10:05:00'), 10);
    expect(late({})).toEqual({ instants: [at('10:00:00')], next: null });
    expect(late({ misfire: 'all' })).toEqual({ instants: [at('10:00:00')], next: null });
    expect(late({ misfire: 'skip' })).toEqual({ instants: [], next: null });
    expect(late({ catchupSeconds: 60 })).toEqual({ instants: [], next: null });
  });

  it('finds the latest instant also where many lie close together, far back', () => {
    const burst = decideFiring(schedule('* * 9 * * *'), at('09:00:00'), at('23:00:00'), 10);
    expect(times(burst)).toEqual(['09:59:59']);
  });

  it('leaves what one answer has no room for due', () => {
    const all = schedule('* * * * *', { misfire: 'all' });
    const firing = decideFiring(all, at('10:00:00'), at('10:05:30'), 4);
    expect(times(firing)).toEqual(['10:00:00', '10:01:00', '10:02:00', '10:03:00']);
    expect(firing.next).toEqual(at('10:04:00'));
  });

  /** Every instant from `due` to `now`, by nothing but walking. */
  function walk(each: Schedule, due: Date, now: Date): Date[] {
    const found: Date[] = [];
    for (let at: Date | null = due; at && at <= now; at = nextInstant(each, at)) found.push(at);
    return found;
  }

  const outages = fc.record({
    cron: fc.constantFrom(
      '@every 13',
      '@every 5000',
      '* * * * *',
      '*/7 * * * *',
      '0 * * * *',
      '30 2 * * *',
      '*/20 * * * * *',
      '0 0 1 * *',
    ),
    timezone: fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe'),
    since: fc.date({
      min: new Date('2025-02-01T00:00:00Z'),
      max: new Date('2025-12-01T00:00:00Z'),
      noInvalidDate: true,
    }),
    downMs: fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 24 * HOUR })),
    catchupSeconds: fc.option(fc.integer({ min: 1, max: 100_000 })),
    most: fc.integer({ min: 1, max: 50 }),
    roundMs: fc.integer({ min: 0, max: 500 }),
  });

  it('all: rounds together serve every instant within the window, each once', () => {
    fc.assert(
      fc.property(outages, ({ since, downMs, most, catchupSeconds, ...rest }) => {
        const each = schedule(rest.cron, { timezone: rest.timezone, catchupSeconds, misfire: 'all' });
        const due = firstInstant(each, since);
        const now = new Date(due.getTime() + downMs);
        const served: number[] = [];
        let next: Date | null = due;
        while (next && next <= now) {
          const firing: Firing = decideFiring(each, next, now, most);
          expect(firing.instants.length).toBeLessThanOrEqual(most);
          served.push(...firing.instants.map(Number));
          next = firing.next;
        }
        const oldest = catchupSeconds === null ? 0 : now.getTime() - Math.max(2000, catchupSeconds * 1000);
        expect(served).toEqual(
          walk(each, due, now)
            .map(Number)
            .filter((instant) => instant >= oldest),
        );
        expect(next).toEqual(nextInstant(each, now, due));
      }),
      { numRuns: 150 },
    );
  });

  it('all: nothing is lost while time goes on between the rounds', () => {
    fc.assert(
      fc.property(outages, ({ since, downMs, most, cron, timezone, roundMs }) => {
        const each = schedule(cron, { timezone, misfire: 'all' });
        const due = firstInstant(each, since);
        let now = new Date(due.getTime() + downMs);
        const served: number[] = [];
        // Rounds enough for all that was missed, and for what becomes due meanwhile.
        let next: Date | null = due;
        for (let rounds = 0; next && next <= now && rounds < 10_000; rounds += 1) {
          const firing: Firing = decideFiring(each, next, now, most);
          served.push(...firing.instants.map(Number));
          next = firing.next;
          if (next && next <= now) now = new Date(now.getTime() + roundMs);
        }
        expect(served).toEqual(walk(each, due, now).map(Number));
      }),
      { numRuns: 50 },
    );
  });

  /** Of schedules that have several instants on time. */
  const pauses = fc
    .tuple(outages, fc.constantFrom('* * * * * *', '*/2 * * * * *', '@every 1'), fc.integer({ min: 0, max: 10_000 }))
    .map(([outage, cron, downMs]) => ({ ...outage, cron, downMs }));

  it.each(['coalesce', 'skip'] as const)('%s: each instant on time, else one at most, the latest', (misfire) => {
    fc.assert(
      fc.property(fc.oneof(outages, pauses), ({ since, downMs, cron, timezone, catchupSeconds }) => {
        const each = schedule(cron, { timezone, catchupSeconds, misfire });
        const due = firstInstant(each, since);
        const now = new Date(due.getTime() + downMs);
        const firing = decideFiring(each, due, now, 10);
        const within = (instants: Date[], ms: number) =>
          instants.filter((instant) => now.getTime() - instant.getTime() <= ms);
        const instants = walk(each, due, now);
        const onTime = within(instants, 2000);
        const caughtUpMs = Math.max(2000, (catchupSeconds ?? Infinity) * 1000);
        const late = misfire === 'skip' ? [] : within(instants.slice(-1), caughtUpMs);
        expect(firing.instants).toEqual(onTime.length > 0 ? onTime : late);
        expect(firing.next).toEqual(nextInstant(each, now, due));
      }),
      { numRuns: 100 },
    );
  });

  it.each(['coalesce', 'skip', 'all'] as const)('%s: leaves out no second of a pause below two', (misfire) => {
    const each = schedule('* * * * * *', { misfire });
    const firing = decideFiring(each, at('10:00:00'), at('10:00:01.400'), 10);
    expect(times(firing)).toEqual(['10:00:00', '10:00:01']);
    expect(firing.next).toEqual(at('10:00:02'));
  });

  it.each([
    ['coalesce', ['10:00:08', '10:00:09']],
    ['skip', ['10:00:08', '10:00:09']],
  ] as const)('%s: of a longer pause, the seconds that are still on time', (misfire, expected) => {
    const firing = decideFiring(schedule('* * * * * *', { misfire }), at('10:00:00'), at('10:00:09.900'), 10);
    expect(times(firing)).toEqual(expected);
  });

  it('coalesces into the instant on time where there is one, without a run more', () => {
    const firing = decideFiring(schedule('* * * * *'), at('10:00:00'), at('10:05:01'), 10);
    expect(times(firing)).toEqual(['10:05:00']);
  });
});
