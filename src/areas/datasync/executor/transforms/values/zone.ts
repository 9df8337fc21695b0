/** A place's clock: how far it is ahead of UTC at an instant. */
export interface Zone {
  readonly name: string;
  /** Milliseconds to add to UTC. */
  offsetAt(utcMs: number): number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Offsets change at quarters of an hour only, so one answer serves that long. */
const QUARTER_MS = 15 * MINUTE_MS;
const MOST_CACHED = 10_000;

export const UTC: Zone = { name: 'UTC', offsetAt: () => 0 };

/**
 * @param name an IANA zone such as Asia/Shanghai, or an offset such as +08:00
 * @returns undefined when there is no such zone
 */
export function zoneOf(name: string): Zone | undefined {
  if (name === 'UTC' || name === 'Z') return UTC;
  const fixed = /^([+-])(\d{2}):?(\d{2})$/.exec(name);
  if (fixed) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    if (minutes > 18 * 60) return undefined;
    const offset = (fixed[1] === '-' ? -minutes : minutes) * MINUTE_MS;
    return { name, offsetAt: () => offset };
  }
  try {
    const clock = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', hour: 'numeric' });
    return { name, offsetAt: cached((utcMs) => offsetOf(clock, utcMs)) };
  } catch {
    return undefined;
  }
}

/** Asking the calendar takes microseconds; a million rows lie within few days. */
function cached(ask: (utcMs: number) => number): (utcMs: number) => number {
  const answers = new Map<number, number>();
  return (utcMs) => {
    const quarter = Math.floor(utcMs / QUARTER_MS);
    const known = answers.get(quarter);
    if (known !== undefined) return known;
    if (answers.size >= MOST_CACHED) answers.clear();
    const offset = ask(quarter * QUARTER_MS);
    answers.set(quarter, offset);
    return offset;
  };
}

function offsetOf(clock: Intl.DateTimeFormat, utcMs: number): number {
  const shown = clock.formatToParts(utcMs).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(shown);
  if (!match?.[1]) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return (match[1] === '-' ? -seconds : seconds) * 1000;
}

/**
 * The instant at which a zone's clock shows `wallMs` (counted as if it were UTC). A time that the zone repeats is taken
 * for the first of the two; one that it skips, for as much later as is skipped.
 */
export function instantOf(wallMs: number, zone: Zone): number {
  if (zone === UTC) return wallMs;
  const before = zone.offsetAt(wallMs - DAY_MS);
  if (zone.offsetAt(wallMs - before) === before) return wallMs - before;
  const after = zone.offsetAt(wallMs + DAY_MS);
  return zone.offsetAt(wallMs - after) === after ? wallMs - after : wallMs - before;
}
