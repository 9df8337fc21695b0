import { RUNS_TOPIC, type RunsEvent } from '../../../engine/model.ts';
import type { RunState } from '../../../engine/states.ts';
import type { BusEvent } from '../../../events/bus.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import type { RowChange } from '../executor/pipeline/contracts.ts';
import { idOf } from '../ids.ts';
import { AREA, PARTITION_KIND } from '../kinds.ts';
import { syncStatus } from '../status.ts';
import { SYNC_TOPIC, type SyncEvent } from '../sync-events.ts';
import { Batch, type Told } from './batch.ts';
import { type Channel, type EventType, RECORD_TYPES } from './channels.ts';

/** Log lines that a run wrote together; the database makes the event as it takes the lines. */
interface LogLines {
  readonly type: 'log_lines';
  readonly job_id: number | null;
  readonly run_id: number;
  readonly lines: readonly {
    readonly at: string;
    readonly level: string;
    readonly stream: string;
    readonly message: string;
  }[];
}

type LiveEvent = SyncEvent | LogLines;

/** Which events of the bus are told on a channel: what a replay looks for. */
export const EVENTS_OF: Readonly<Record<Channel, readonly (LiveEvent['type'] | typeof RUNS_TOPIC)[]>> = {
  sync_updates: ['sync_progress', 'sync_started', RUNS_TOPIC],
  record_changes: ['record_changes', 'changes_omitted'],
  conflicts: ['conflicts_detected'],
  logs: ['log_lines'],
};

/** What a run's coming to a state is called; of the others the engine tells nothing. */
const RUN_TYPES: Readonly<Partial<Record<RunState, EventType>>> = {
  queued: 'sync_requeued',
  retry_wait: 'sync_retrying',
  paused: 'sync_paused',
  succeeded: 'sync_completed',
  failed: 'sync_failed',
  dead: 'sync_failed',
  cancelled: 'sync_cancelled',
  skipped: 'sync_skipped',
};

const OPERATION_TYPES = {
  create: 'record_created',
  update: 'record_updated',
  delete: 'record_deleted',
} as const satisfies Record<RowChange['operation'], EventType>;

/** What an event of the bus tells subscribers: of each job on its own. */
export function batchesOf(event: BusEvent): Batch[] {
  if (event.topic === RUNS_TOPIC) return runBatches(event, event.payload as unknown as RunsEvent);
  if (event.topic !== SYNC_TOPIC) return [];
  const payload = event.payload as unknown as LiveEvent;
  const told = toldOf(payload);
  const channel = channelOf(payload.type);
  // A later version's event, while servers are upgraded one by one.
  if (!told || !channel) return [];
  return [new Batch({ channel, event: event.seq, at: event.at, jobId: payload.job_id, told })];
}

function channelOf(type: LiveEvent['type']): Channel | undefined {
  const channels = Object.keys(EVENTS_OF) as Channel[];
  return channels.find((channel) => EVENTS_OF[channel].includes(type));
}

function runBatches({ seq, at }: BusEvent, { area, kind, state, ids, job_ids, duration_ms }: RunsEvent): Batch[] {
  const type = RUN_TYPES[state];
  // How a part ends is not how the run does, which ends with the last of them.
  if (area !== AREA || kind === PARTITION_KIND || type === undefined) return [];
  return ids.map((runId, place) => {
    const jobId = job_ids[place] ?? null;
    const payload = {
      job_id: jobId === null ? null : idOf('job', jobId),
      run_id: idOf('run', runId),
      status: syncStatus(state),
      duration_ms: duration_ms[place] ?? 0,
    };
    const told = [{ type, eventTypes: [type], payload, runId }];
    return new Batch({ channel: 'sync_updates', event: seq, at, jobId, told, place });
  });
}

function toldOf(event: LiveEvent): Told[] | undefined {
  const { run_id: runId } = event;
  const job_id = event.job_id === null ? null : idOf('job', event.job_id);
  switch (event.type) {
    case 'sync_progress': {
      const { records_processed, records_total } = event;
      const progress = percent(records_processed, records_total);
      return [single(event.type, runId, { job_id, progress, records_processed, records_total })];
    }
    case 'sync_started':
      return [single(event.type, runId, { job_id, run_id: idOf('run', runId), status: syncStatus('running') })];
    case 'record_changes':
      return (event.changes as unknown as RowChange[]).map(({ operation, record_id, changes = {} }) => ({
        type: 'record_change',
        eventTypes: [OPERATION_TYPES[operation]],
        payload: { operation, table: event.table, record_id, changes },
        runId,
      }));
    case 'changes_omitted':
      return [{ type: event.type, eventTypes: RECORD_TYPES, payload: { job_id, count: event.count }, runId }];
    case 'conflicts_detected':
      return event.conflicts.map(({ conflict_id, ...conflict }) =>
        single('conflict_detected', runId, { conflict_id: idOf('conflict', conflict_id), ...conflict }),
      );
    case 'log_lines':
      return event.lines.map(({ at, level, stream, message }) => {
        const metadata = { run_id: idOf('run', runId), stream };
        return single('log', runId, { job_id, timestamp: rfc3339(new Date(at)), level, message, metadata });
      });
    default:
      return undefined;
  }
}

function single(type: EventType, runId: number, payload: object): Told {
  return { type, eventTypes: [type], payload, runId };
}

/** With one decimal, as the list of jobs has it; null while nobody can tell how much there is. */
function percent(done: number, total: number | null): number | null {
  return total === null || total <= 0 ? null : Math.round(Math.min(1, done / total) * 1000) / 10;
}
