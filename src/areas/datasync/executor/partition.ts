import { type Static, Type } from 'typebox';

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

const Part = Type.Union([KeyPart, PagePart]);
export type Part = Static<typeof Part>;

export const PartitionPlan = Type.Object({
  /** A hash of what the job does: what an earlier run has left is taken up only by one that does the same. */
  definition: Type.String(),
  parts: Type.Array(Part, { minItems: 1, maxItems: MOST_PARTITIONS }),
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
});
export type Partition = Static<typeof Partition>;

/** Names a partition at the destination, where each keeps a state of its own: `name:2` becomes `name/3:2`. */
export function partitionKey(key: string, number: number): string {
  return key.replace(/(:\d+)?$/, (generation) => `/${number}${generation}`);
}
