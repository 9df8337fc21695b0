import type { Static } from 'typebox';
import { LIVE, type RunState } from '../../../engine/states.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { idOf } from '../ids.ts';
import { shownTransformations } from './dataset-secrets.ts';
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

type Status = 'processing' | 'ready' | 'failed';

function isLive(state: RunState | null): boolean {
  return LIVE.some((live) => live === state);
}

function statusOf({ run_state: state, records_count }: DatasetRow): Status {
  if (isLive(state)) return 'processing';
  return state !== null && state !== 'succeeded' && records_count === null ? 'failed' : 'ready';
}

/** A count that fails leaves what was counted before, which tells no more of what is there now. */
function profileStatusOf({ profile_state: state, profiled_at }: DatasetRow): Status | null {
  if (isLive(state)) return 'processing';
  if (state !== null && state !== 'succeeded') return 'failed';
  return profiled_at === null ? null : 'ready';
}

export function datasetAnswer(row: DatasetRow): Static<typeof DatasetAnswer> {
  const { completeness, uniqueness, validity, profiled_at, run_id } = row;
  const status = statusOf(row);
  const profileStatus = profileStatusOf(row);
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
    profile_status: profileStatus,
    profile_error: profileStatus === 'failed' ? row.profile_error : null,
    schema: row.schema,
    transformations: shownTransformations(row.transformations),
    created_at: rfc3339(row.created_at),
  };
}
