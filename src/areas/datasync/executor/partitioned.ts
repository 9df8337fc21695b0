import { ExecutorError, type ExecutorResult, type RunContext } from '../../../protocol/executor.ts';
import { databasePlace, fileInput } from './open-source.ts';
import type { PartitionPlan } from './partition.ts';
import type { Source } from './pipeline/contracts.ts';
import { Reporting } from './pipeline/reporting.ts';
import type { RunSpec } from './run-spec.ts';
import { splitByKey } from './sources/database/split.ts';
import { splitFile } from './sources/file-split.ts';
import type { DatasyncTools } from './tools.ts';

/**
 * Plans what a run is divided into, and suspends it: the server makes the child runs.
 * @param source of the whole, to tell how much there is
 * @throws ExecutorError naming `partitions` where it cannot be divided
 */
export async function divideRun(
  tools: DatasyncTools,
  spec: RunSpec,
  context: RunContext,
  { source, definition, count }: { source: Source; definition: string; count: number },
): Promise<ExecutorResult> {
  const reporting = new Reporting(context);
  await reporting.started();
  reporting.total(await source.total?.({ position: undefined, cursor: undefined }), 0);
  const planned = await partsOf(tools, spec, context, count);
  context.log('info', `divided into ${planned.parts.length} partitions, which any worker may take`);
  const plan: PartitionPlan = { definition, ...planned };
  return { output: plan, suspended: true };
}

async function partsOf(
  { guard, outbound }: DatasyncTools,
  spec: RunSpec,
  context: RunContext,
  count: number,
): Promise<Pick<PartitionPlan, 'parts' | 'file'>> {
  const { connector } = spec;
  switch (connector.type) {
    case 'rest_api':
      return { parts: Array.from({ length: count }, (_, index) => ({ by: 'pages', index, count })) };
    case 'file':
      return await splitFile(fileInput(connector.config, spec, outbound, context), count);
    case 'database': {
      const { signal } = context;
      const log: RunContext['log'] = (level, message) => context.log(level, message);
      const ranges = await splitByKey({ ...databasePlace(connector.config), guard, signal, log }, count);
      return { parts: ranges.map((range) => ({ by: 'key', ...range })) };
    }
    default:
      throw new ExecutorError(`partitions: a ${connector.type} is read by one run; leave partitions out`, {
        retryable: false,
      });
  }
}
