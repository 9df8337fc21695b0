import type { Static } from 'typebox';
import { LIVE } from '../../../engine/states.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { idOf } from '../ids.ts';
import type { DatasetRow } from './queries/dataset.ts';
import type { DatasetAnswer, DatasetItem } from './schemas.ts';

export function datasetItem(row: DatasetRow): Static<typeof DatasetItem> {
  const { id, name, category, quality_score, records_count, updated_at } = row;
  return {
    id: idOf('dataset', id),
    name,
    category,
    quality_score,
    records_count,
    last_updated: rfc3339(updated_at),
  };
}

function statusOf({ run_state: state, records_count }: DatasetRow): 'processing' | 'ready' | 'failed' {
  if (state !== null && LIVE.some((live) => live === state)) return 'processing';
  return state !== null && state !== 'succeeded' && records_count === null ? 'failed' : 'ready';
}

export function datasetAnswer(row: DatasetRow): Static<typeof DatasetAnswer> {
  const { completeness, uniqueness, validity, profiled_at, run_id } = row;
  const status = statusOf(row);
  const counted = completeness !== null && uniqueness !== null && validity !== null;
  return {
    ...datasetItem(row),
    description: row.description,
    source: row.source,
    table: row.table_name,
    status,
    error: status === 'failed' ? row.run_error : null,
    run_id: run_id === null ? null : idOf('run', run_id),
    quality: counted ? { completeness, uniqueness, validity } : null,
    profile: row.profile,
    profiled_at: profiled_at && rfc3339(profiled_at),
    schema: row.schema,
    transformations: row.transformations,
    created_at: rfc3339(row.created_at),
  };
}
