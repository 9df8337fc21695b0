import { type Static, Type } from 'typebox';
import { COLUMN_TYPES } from './pipeline/contracts.ts';

/** What a partitioned run is divided into, as its executor plans it and the server makes child runs of it. */

export const MOST_PARTITIONS = 32;

/** Keys of a database's table, from `from` up to but without `to`; absent ends are open. Integers as digits. */
const KeyPart = Type.Object({
  by: Type.Literal('key'),
  column: Type.String(),
  from: Type.Optional(Type.String()),
  to: Type.Optional(Type.String()),
});

/** Of the pages of each endpoint, counted from 0, those whose number divided by `count` leaves `index`. */
const PagePart = Type.Object({ by: Type.Literal('pages'), index: Type.Integer(), count: Type.Integer() });

/** Of a file, the records that begin at the byte `from`, up to but without `to`. */
const BlockPart = Type.Object({
  by: Type.Literal('block'),
  from: Type.Integer({ minimum: 0 }),
  to: Type.Integer({ minimum: 0 }),
  /** The number, in the file, of the line that begins at `from`; the first block alone begins with line 1. */
  line: Type.Integer({ minimum: 1 }),
  /** Of an uploaded file: the piece of its blob in which `from` lies, and where in the file that begins. */
  piece: Type.Optional(Type.Object({ number: Type.Integer({ minimum: 0 }), from: Type.Integer({ minimum: 0 }) })),
});
export type BlockPart = Static<typeof BlockPart>;

/**
 * What the beginning of a file tells of all of it. Its parts take it from the plan: each would judge by other records,
 * and make other columns of them.
 */
export const FileShape = Type.Object({
  format: Type.Enum(['csv', 'ndjson']),
  /** What tells this content of the URL from others; null of an upload, which never changes. */
  version: Type.Union([Type.String(), Type.Null()]),
  text: Type.Object({ encoding: Type.String(), lineEnd: Type.Enum(['\n', '\r']) }),
  csv: Type.Optional(
    Type.Object({
      delimiter: Type.String(),
      columns: Type.Array(Type.Object({ name: Type.String(), type: Type.Enum([...COLUMN_TYPES]) })),
    }),
  ),
});
export type FileShape = Static<typeof FileShape>;

const Part = Type.Union([KeyPart, PagePart, BlockPart]);
export type Part = Static<typeof Part>;

export const PartitionPlan = Type.Object({
  /** A hash of what the job does: what an earlier run has left is taken up only by one that does the same. */
  definition: Type.String(),
  parts: Type.Array(Part, { minItems: 1, maxItems: MOST_PARTITIONS }),
  /** Of blocks of a file. */
  file: Type.Optional(FileShape),
});
export type PartitionPlan = Static<typeof PartitionPlan>;

/** What one child run is told. */
export const Partition = Type.Object({
  /** From 1, up to and with `of`. */
  number: Type.Integer({ minimum: 1 }),
  of: Type.Integer({ minimum: 1 }),
  /** As its plan says. */
  definition: Type.String(),
  part: Part,
  /** As its plan says. */
  file: Type.Optional(FileShape),
});
export type Partition = Static<typeof Partition>;

/** Names a partition at the destination, where each keeps a state of its own: `name:2` becomes `name/3:2`. */
export function partitionKey(key: string, number: number): string {
  return key.replace(/(:\d+)?$/, (generation) => `/${number}${generation}`);
}
