import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { DatabaseLogin, UrlLogin } from '../../../../connections/drivers/login.ts';
import type { ExecutorResult, Json, RunContext } from '../../../../protocol/executor.ts';
import { DatasetSchema } from './dataset-schema.ts';
import { type DilutionOptions, dilute } from './dilute.ts';
import { countTable, profileTable, type TableProfile } from './profile.ts';
import { type Counts, qualityOf, rounded } from './quality.ts';
import { inWarehouse } from './warehouse-session.ts';

const Login = Type.Unsafe<DatabaseLogin | UrlLogin>(Type.Object({ engine: Type.String() }));
const Rules = Type.Optional(DatasetSchema);

const ProfileConnector = Type.Object({
  type: Type.Literal('profile'),
  config: Type.Object({ table: Type.String(), schema: Rules }),
});

const DilutionConnector = Type.Object({
  type: Type.Literal('dilution'),
  config: Type.Object({
    table: Type.String(),
    output: Type.String(),
    from: Type.Array(Type.Object({ id: Type.String(), table: Type.String() })),
    ratio: Type.Number(),
    matching_fields: Type.Array(Type.String()),
    quality_threshold: Type.Number(),
    seed: Type.Integer(),
    schema: Rules,
  }),
});

/** What runs do with tables of the warehouse without moving a record: profile one, or make one out of others. */
const DatasetWork = Type.Object({
  connector: Type.Union([ProfileConnector, DilutionConnector]),
  destination: Type.Object({ type: Type.Literal('dataset'), name: Type.String() }),
  warehouse: Login,
});
export type DatasetWork = Static<typeof DatasetWork>;

/** What the server is told of a dataset's table. A type, not an interface: it is Json too. */
export type ProfileReport = {
  readonly table: string;
  /** Null: there is no such table. */
  readonly counts: { readonly [K in keyof Counts]: number } | null;
  readonly profile: TableProfile | null;
  readonly duration_ms: number;
};

/** What a dilution answers, as the API does. */
export type DilutionOutput = {
  readonly original_records: number;
  readonly diluted_records: number;
  readonly final_records: number;
  readonly quality_improvement: number;
  readonly short_groups: Json[];
  readonly short_groups_total: number;
};

const validator = Compile(DatasetWork);

/** @returns undefined for a spec that moves records, which is the pipeline's */
export function parseDatasetWork(spec: Json): DatasetWork | undefined {
  return validator.Check(spec) ? spec : undefined;
}

/** @throws ExecutorError; the signal's reason when the attempt is ended */
export async function runDatasetWork(work: DatasetWork, context: RunContext): Promise<ExecutorResult> {
  const { connector } = work;
  if (connector.type === 'dilution') return await runDilution(work, connector.config, context);
  const { table, schema } = connector.config;
  const report = await profiled(work, table, schema, context);
  return { output: { rows: report.counts?.rows ?? 0 } };
}

/** Profiles a table, and tells the server. */
async function profiled(
  { warehouse }: DatasetWork,
  table: string,
  schema: DatasetSchema | undefined,
  context: RunContext,
): Promise<ProfileReport> {
  const begun = performance.now();
  const found = await inWarehouse(warehouse, context, `profiling ${table}`, (session) =>
    profileTable(session, table, schema),
  );
  const duration_ms = Math.round(performance.now() - begun);
  const report: ProfileReport = {
    table,
    counts: found ? { ...found.counts } : null,
    profile: found?.profile ?? null,
    duration_ms,
  };
  await context.emit('profile', [report]);
  context.log('info', `table ${table} profiled: ${found?.counts.rows ?? 0} records in ${duration_ms} ms`);
  return report;
}

async function runDilution(
  work: DatasetWork,
  config: Static<typeof DilutionConnector>['config'],
  context: RunContext,
): Promise<ExecutorResult> {
  const { table, output, from, ratio, matching_fields, quality_threshold, seed, schema } = config;
  const options: DilutionOptions = {
    source: table,
    output,
    from,
    ratio,
    matchingFields: matching_fields,
    qualityThreshold: quality_threshold,
    seed,
    schema,
  };
  const { done, before } = await inWarehouse(work.warehouse, context, `diluting ${table}`, async (session) => ({
    done: await dilute(session, options),
    before: await countTable(session, table, schema),
  }));
  const { original, wanted, drawn, short, shortGroups } = done;
  context.log('info', `${drawn} of ${wanted} records drawn, beside ${original}`);
  if (shortGroups > 0) {
    const [first] = short;
    context.log(
      'warning',
      `${shortGroups} groups have too few records that are good enough; most lacks ${JSON.stringify(first?.values)}: ${first?.drawn} of ${first?.wanted}`,
    );
  }
  const report = await profiled(work, output, schema, context);
  const scores = [before, report.counts].map((counts) => (counts ? qualityOf(counts, 0)?.score : undefined) ?? 0);
  const [was = 0, is = 0] = scores;
  const answer: DilutionOutput = {
    original_records: original,
    diluted_records: drawn,
    final_records: original + drawn,
    quality_improvement: rounded(is - was),
    short_groups: short,
    short_groups_total: shortGroups,
  };
  return { output: answer };
}
