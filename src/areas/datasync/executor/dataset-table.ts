import { createHash } from 'node:crypto';

/** The longest name that PostgreSQL keeps whole. */
const LONGEST_NAME = 63;
const HASH_LENGTH = 8;

/** The warehouse's table of a dataset: its name, cut where it must be, and then told apart by a hash of the whole. */
export function datasetTable(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  let head = name;
  while (Buffer.byteLength(head) > LONGEST_NAME - HASH_LENGTH - 1) head = [...head].slice(0, -1).join('');
  return `${head}_${hash}`;
}
