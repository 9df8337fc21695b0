/** The steps of `CsvParser` from character to character, for whoever looks for the ends of records and not for fields. */

/** What characters are to it. */
export const OTHER = 0;
export const QUOTE = 1;
export const DELIMITER = 2;
export const LINE_END = 3;
export const CR = 4;
export const SPACE = 5;
export const LEAD = 6;
export const CLASSES = 8;

/** Where in a record one is: at the beginning of a field, in one without or with quotes, behind a quote in such a one, … */
export const FIELD = 0;
export const BARE = 1;
export const QUOTED = 2;
export const CLOSING = 3;
const CLOSED = 4;
const CLOSED_CR = 5;
export const BROKEN = 6;

/** The next state by state and class. */
export const NEXT = Uint8Array.from([
  ...[BARE, QUOTED, FIELD, FIELD, BARE, BARE, BARE, BARE],
  ...[BARE, BARE, FIELD, FIELD, BARE, BARE, BARE, BARE],
  ...[QUOTED, CLOSING, QUOTED, QUOTED, QUOTED, QUOTED, QUOTED, QUOTED],
  ...[BROKEN, QUOTED, FIELD, FIELD, CLOSED_CR, CLOSED, BROKEN, BROKEN],
  ...[BROKEN, BROKEN, FIELD, FIELD, CLOSED_CR, CLOSED, BROKEN, BROKEN],
  ...[BROKEN, BROKEN, BROKEN, FIELD, BROKEN, BROKEN, BROKEN, BROKEN],
  ...[BROKEN, BROKEN, BROKEN, FIELD, BROKEN, BROKEN, BROKEN, BROKEN],
]);
