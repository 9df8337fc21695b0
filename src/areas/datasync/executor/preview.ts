import type { Json } from '../../../protocol/executor.ts';
import type { Row, Source, Transform } from './pipeline/contracts.ts';
import { jsonOf } from './pipeline/json-of.ts';

/** A run's output has a limit; what does not fit is left out, from the end. */
const OUTPUT_LENGTH = 24 * 1024;

function fitting(rows: readonly Row[]): Json[] {
  const shown: Json[] = [];
  let length = 0;
  for (const row of rows) {
    const json = jsonOf(row);
    length += JSON.stringify(json).length;
    if (length > OUTPUT_LENGTH && shown.length > 0) break;
    shown.push(json);
  }
  return shown;
}

/** The first `limit` records of a source, before and after the transformations. */
export async function preview(source: Source, transform: Transform, limit: number): Promise<Json> {
  const rows: Row[] = [];
  const ordinals: number[] = [];
  const rejected: { readonly ordinal: number; readonly reason: string }[] = [];
  const batches = source.read({ position: undefined, cursor: undefined });
  try {
    while (rows.length < limit) {
      const next = await batches.next();
      if (next.done) break;
      rows.push(...next.value.rows);
      ordinals.push(...next.value.ordinals);
      rejected.push(...next.value.rejects);
    }
  } finally {
    await batches.return(undefined);
  }
  const before = rows.slice(0, limit);
  const { rows: after, rejects, failure } = transform.apply(before, ordinals.slice(0, limit));
  const refused = [...rejected, ...rejects].slice(0, limit).map(({ ordinal, reason }) => ({ record: ordinal, reason }));
  return { before: fitting(before), after: fitting(after), rejected: refused, ...(failure ? { failure } : {}) };
}
