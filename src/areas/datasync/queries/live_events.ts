import type { BusEvent } from '../../../events/bus.ts';
import type { Queryable } from '../../../store/store.ts';

/** Events of the bus that the area tells. */
export interface LiveEventFilter {
  /** Topics and, of the topic `sync`, the types within it. */
  readonly types: readonly string[];
  /** Null = all jobs. */
  readonly jobId: number | null;
}

/** How many numbers one statement looks at: most are other areas' or other channels'. */
const SPAN = 10_000;
/**
 * Bytes of a page's events as text, and how many there are at most: one event may tell of hundreds of records. Nobody
 * knows how large they are before they are unpacked, so the first page looks at few.
 */
const PAGE_BYTES = 256 * 1024;
const MOST_EVENTS = 50;
export const FEW_EVENTS = 4;

const COLUMNS = 'e.seq, e.topic, e.payload, e.at';
/** $1 = the types, $2 = the job */
const WANTED = `CASE e.topic
  WHEN 'sync' THEN e.payload->>'type' = ANY ($1) AND ($2::bigint IS NULL OR (e.payload->>'job_id')::bigint = $2)
  WHEN 'runs' THEN 'runs' = ANY ($1) AND e.payload->>'area' = 'datasync'
    AND ($2::bigint IS NULL OR e.payload->'job_ids' @> to_jsonb($2::bigint))
  ELSE false END`;

export interface LiveEventPage {
  readonly events: BusEvent[];
  /** The last number that was looked at. */
  readonly reached: number;
  /** Whether there was no higher one. */
  readonly isLast: boolean;
  /** How many events the next page should have at most, by the size of these. */
  readonly nextMost: number;
}

/** The next events with numbers above `after`, in order; `most` at most. */
export async function liveEventsAfter(
  db: Queryable,
  after: number,
  filter: LiveEventFilter,
  most: number,
): Promise<LiveEventPage> {
  const rows = await db.query<BusEvent & { latest: number | null; found: number } & Record<string, unknown>>(
    `WITH found AS (
       SELECT ${COLUMNS}, octet_length(e.payload::text) AS bytes FROM longshore.events e
       WHERE e.seq > $3 AND e.seq <= $3::bigint + ${SPAN} AND ${WANTED} ORDER BY e.seq LIMIT $4
     ), page AS (
       SELECT e.*, count(*) OVER () AS found, sum(bytes) OVER (ORDER BY seq) - bytes AS bytes_before FROM found e
     )
     SELECT latest.seq AS latest, ${COLUMNS}, e.found FROM (SELECT max(seq) AS seq FROM longshore.events) latest
     LEFT JOIN page e ON e.bytes_before < ${PAGE_BYTES} ORDER BY e.seq`,
    [filter.types, filter.jobId, after, most],
  );
  const latest = rows[0]?.latest ?? after;
  const events = rows.filter(({ seq }) => seq !== null);
  const last = events.at(-1);
  const isLarge = last !== undefined && last.found > events.length;
  const isCut = last !== undefined && (isLarge || last.found === most);
  const reached = isCut ? last.seq : Math.min(after + SPAN, latest);
  const nextMost = isLarge ? events.length + 1 : Math.min(2 * most, MOST_EVENTS);
  return { events, reached, isLast: reached >= latest, nextMost };
}

/**
 * Events with numbers up to `before` that whoever has heard of `before` may not have heard of: they had not committed
 * when that one, or else the last before it, was written.
 */
export async function liveEventsUnseenAt(db: Queryable, before: number, filter: LiveEventFilter): Promise<BusEvent[]> {
  return db.query<BusEvent & Record<string, unknown>>(
    `WITH known AS (
       SELECT seq, committed FROM longshore.events WHERE seq <= $3 ORDER BY seq DESC LIMIT 1
     )
     SELECT ${COLUMNS} FROM known, longshore.events e
     WHERE e.seq < known.seq AND e.seq >= known.seq - ${SPAN} AND ${WANTED}
       AND NOT pg_visible_in_snapshot(e.written_by, known.committed)
     ORDER BY e.seq`,
    [filter.types, filter.jobId, before],
  );
}

/** @returns the lowest number that is kept (the next one where none is), and the highest that was given out */
export async function liveEventsRange(db: Queryable): Promise<{ oldest: number; latest: number }> {
  const [range] = await db.query<{ oldest: number; latest: number }>(
    `SELECT coalesce((SELECT min(seq) FROM longshore.events), last.value + 1) AS oldest, last.value AS latest
     FROM (SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('longshore.events', 'seq')), 0) AS value) last`,
  );
  if (!range) throw new Error('the range of events was not answered');
  return range;
}
