import { publish } from '../../events/bus.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Tx } from '../../store/store.ts';

/** The topic of what syncs tell while they run; ends of runs are told by the engine's own topic. */
export const SYNC_TOPIC = 'sync';

/** One event may tell of several records: subscribers hear of each. */
export type SyncEvent =
  | {
      readonly type: 'sync_started';
      readonly job_id: number | null;
      readonly run_id: number;
    }
  | {
      readonly type: 'sync_progress';
      readonly job_id: number | null;
      readonly run_id: number;
      readonly records_processed: number;
      readonly records_total: number | null;
    }
  | {
      readonly type: 'record_changes';
      readonly job_id: number | null;
      readonly run_id: number;
      readonly table: string;
      /** As an executor's `RowChange` says them. */
      readonly changes: Json;
    }
  | {
      readonly type: 'changes_omitted';
      readonly job_id: number | null;
      readonly run_id: number;
      readonly count: number;
    }
  | {
      readonly type: 'conflicts_detected';
      readonly job_id: number;
      readonly run_id: number;
      readonly conflicts: readonly {
        readonly conflict_id: number;
        readonly record_id: string;
        readonly conflict_type: string;
        readonly resolution_required: boolean;
      }[];
    };

/** Heard by subscribers if and only if the transaction commits. */
export function publishSync(tx: Tx, event: SyncEvent): Promise<void> {
  return publish(tx, SYNC_TOPIC, event as unknown as Json);
}
