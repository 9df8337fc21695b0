import { type Static, Type } from 'typebox';
import type { Actor } from '../../auth/identity.ts';
import { enqueue } from '../../engine/runs.ts';
import { randomText } from '../../kernel/ids.ts';
import type { Json } from '../../protocol/executor.ts';
import type { Tx } from '../../store/store.ts';
import type { FileConfig } from './executor/spec/files.ts';
import { idOf } from './ids.ts';
import { WAREHOUSE_LOGIN } from './job-definition.ts';
import { AREA, LOAD_KIND } from './kinds.ts';
import { stepsInto } from './push-rules.ts';

/** What was accepted is not given up: with pauses of up to a quarter of an hour it is tried for days. */
const RETRIES = 500;
const RETRY_DELAY_SECONDS = 5;

/** The dataset that records go to. */
export const Source = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^(?!_longshore)[^\\p{Cc}]*[^\\p{Cc}\\s][^\\p{Cc}]*$',
  description: 'Names the dataset; no control characters, and not beginning with _longshore.',
});

/** What is done with what comes in. */
export const PushOptions = Type.Object(
  {
    upsert: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'A record takes the place of the one with its id; false: each is a row of its own.',
      }),
    ),
    validate: Type.Optional(
      Type.Boolean({ default: true, description: "Whether the dataset's rules are applied, where it has some." }),
    ),
    transform: Type.Optional(
      Type.Boolean({ default: true, description: "Whether the dataset's transformations are, where it has some." }),
    ),
  },
  { additionalProperties: false, title: 'PushOptions' },
);
export type PushOptions = Static<typeof PushOptions>;

/** What is to be loaded, and how. */
export interface Load {
  /** Of the bytes, finished. */
  readonly blobId: number;
  readonly source: string;
  /** How the bytes are read; without an id. */
  readonly file: Omit<FileConfig, 'file_id' | 'url' | 'headers'>;
  readonly mode?: 'append' | 'overwrite' | 'upsert';
  readonly options: PushOptions;
  readonly keyColumns: readonly string[];
  /** The records are `{id, data, metadata}`. */
  readonly pushed: boolean;
  /** Some records say when they were updated: older ones do not overwrite newer ones. */
  readonly timed: boolean;
}

/** Pushes are known by their ids, and lie in columns that no data has. */
export const PUSHED = { file: { format: 'ndjson', compression: 'none' }, keyColumns: ['_id'], pushed: true } as const;

function specOf(load: Load, transformations: Json[]): { [field: string]: Json } {
  const { blobId, source, file, options, keyColumns, pushed, timed } = load;
  const { mode = (options.upsert ?? true) ? 'upsert' : 'append' } = load;
  return {
    // Each load is a sync of its own: an earlier one that is tried again must not be taken for one that was overtaken.
    // Not the blob's number: another installation may have the same one at this destination.
    key: `load_${randomText(16)}`,
    connector: { type: 'file', config: { ...(file as { [field: string]: Json }), file_id: idOf('file', blobId) } },
    ...(transformations.length > 0 ? { transformations } : {}),
    destination: {
      type: 'dataset',
      name: source,
      mode,
      ...(keyColumns.length > 0 && mode !== 'append' ? { key_columns: [...keyColumns] } : {}),
    },
    warehouse: WAREHOUSE_LOGIN,
    max_errors: null,
    ...(pushed ? { pushed } : {}),
    ...(mode === 'upsert' && timed ? { conflict: { strategy: 'timestamp', timestamp_column: '_updated_at' } } : {}),
  };
}

/**
 * Enqueues the run that brings a blob's records into their dataset. Loads of one dataset run one after the other.
 * @returns the run's id
 */
export async function enqueueLoad(tx: Tx, actor: Actor | null, load: Load): Promise<number> {
  return enqueueLoadOf(tx, actor, load.source, specOf(load, await stepsInto(tx, load.source, load.options)));
}

/** The same, of a load that was specified before. */
export async function enqueueLoadOf(tx: Tx, actor: Actor | null, source: string, spec: Json): Promise<number> {
  const [runId] = await enqueue(tx, [
    {
      jobId: null,
      area: AREA,
      kind: LOAD_KIND,
      name: `load into ${source}`,
      spec,
      trigger: 'system',
      fireAt: null,
      runAt: null,
      priority: 'normal',
      tags: [],
      retryCount: RETRIES,
      retryDelaySeconds: RETRY_DELAY_SECONDS,
      timeoutSeconds: null,
      // Over retries too: the later push's values must not be overwritten by the earlier one's.
      concurrency: { key: `dataset:${source}`, limit: 1, ordered: true },
      watched: false,
      createdBy: actor?.identity.userId ?? null,
    },
  ]);
  if (runId === undefined) throw new Error('the run could not be made');
  return runId;
}
