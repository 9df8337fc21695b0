import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { DatabaseLogin, UrlLogin } from '../../../connections/drivers/login.ts';
import { ExecutorError, type Json } from '../../../protocol/executor.ts';
import { AugmentationConnector } from './datasets/augmentation-spec.ts';
import { Partition } from './partition.ts';
import { Connector } from './spec/connectors.ts';
import { DestinationSpec } from './spec/destinations.ts';
import { FILE_FORMATS } from './spec/files.ts';
import { syncFields } from './spec/sync.ts';
import { Transformations } from './transforms/spec.ts';

const Login = Type.Unsafe<DatabaseLogin | UrlLogin>(Type.Object({ engine: Type.String() }));

/** What a run of the area is told: a job's parts, its secrets in their places, and what the server adds. */
export const RunSpec = Type.Object({
  connector: Type.Union([Connector, AugmentationConnector]),
  transformations: Type.Optional(Transformations),
  destination: DestinationSpec,
  ...syncFields,
  /** Names the job at the destination. */
  key: Type.String({ minLength: 1 }),
  /** How to sign in to the warehouse. */
  warehouse: Login,
  /** Of a dataset connector: the warehouse's table that it is. */
  dataset_table: Type.Optional(Type.String()),
  /** Of a file connector that names an upload: the format that this has. */
  file_format: Type.Optional(Type.Enum([...FILE_FORMATS])),
  /** What the last run has left, where the destination keeps no state. */
  state: Type.Optional(Type.Unknown()),
  /** The records are pushes, `{id, data, metadata}`. */
  pushed: Type.Optional(Type.Boolean()),
  /** Read only a part of the source, as one of several runs. */
  partition: Type.Optional(Partition),
  /**
   * The first of the runs that had the same to do before, none of which is known to have done it: one of them may have, and
   * only its report was lost.
   */
  takes_over: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Write what somebody has decided of a conflict, which is not what the source says. */
  keep_base: Type.Optional(Type.Boolean()),
  /** Look at so many records, and write nothing. */
  preview: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type RunSpec = Static<typeof RunSpec>;

const validator = Compile(RunSpec);

/**
 * The server has checked a spec when it was written; but another version of it may have had another schema.
 * @throws ExecutorError, not retryable
 */
export function parseRunSpec(spec: Json): RunSpec {
  if (validator.Check(spec)) return spec;
  const [problem] = validator.Errors(spec);
  throw new ExecutorError(
    `the job does not fit this worker: ${problem?.instancePath ?? ''} ${problem?.message ?? ''}`.trim(),
    { retryable: false },
  );
}
