/** How good a dataset is: three shares, each from 0 to 1, and their weighted sum. */
export interface Quality {
  /** Of all values of the content's columns, those that are not null. */
  readonly completeness: number;
  /** Distinct records (by the key, where the schema names one) of all records. */
  readonly uniqueness: number;
  /** Records that break no rule of the schema, of all records and of those that loads have refused. */
  readonly validity: number;
  readonly score: number;
}

export const WEIGHTS = { completeness: 0.4, uniqueness: 0.3, validity: 0.3 } as const;

/** What is counted in a table. */
export interface Counts {
  readonly rows: number;
  /** Values that are not null, and how many there could be. */
  readonly filled: number;
  readonly cells: number;
  readonly distinct: number;
  readonly valid: number;
}

/** Four places: more would tell of single records among ten thousand. */
export function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}

/**
 * @param refused records that loads have refused, and nobody has driven again
 * @returns undefined for a dataset without any record: it is neither good nor bad
 */
export function qualityOf({ rows, filled, cells, distinct, valid }: Counts, refused: number): Quality | undefined {
  if (rows === 0) return undefined;
  const completeness = cells === 0 ? 1 : filled / cells;
  const uniqueness = distinct / rows;
  const validity = valid / (rows + refused);
  const score = WEIGHTS.completeness * completeness + WEIGHTS.uniqueness * uniqueness + WEIGHTS.validity * validity;
  return {
    completeness: rounded(completeness),
    uniqueness: rounded(uniqueness),
    validity: rounded(validity),
    score: rounded(score),
  };
}
