/**
 * The `seq` of a live message: the number of the event that told of it, and its place among what that event tells, in
 * one JSON-safe number. It rises with the events' numbers and with nothing else: clients compare it and send it back.
 */

/** Most messages of one event that have a number of their own; any beyond share the last. */
const PLACES = 10_000;

export function seqOf(event: number, place: number): number {
  return event * PLACES + Math.min(place, PLACES - 1);
}

/** The event that a `seq` belongs to. */
export function eventOf(seq: number): number {
  return Math.floor(seq / PLACES);
}

/** The `seq` behind everything that `event` may tell. */
export function endOf(event: number): number {
  return seqOf(event, PLACES - 1);
}
