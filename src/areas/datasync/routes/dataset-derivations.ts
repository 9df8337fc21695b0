import type { Writable } from 'node:stream';
import { actorOf } from '../../../http/access.ts';
import type { App } from '../../../http/area.ts';
import { whileAwaited } from '../../../http/awaited.ts';
import { outputOf, startAugmentation, startDilution } from '../datasets/derive.ts';
import { AugmentationAnswer, AugmentBody, DiluteBody, DilutionAnswer, DilutionStarted } from '../datasets/schemas.ts';
import type { DatasyncDeps } from '../deps.ts';
import type { DilutionOutput } from '../executor/datasets/dataset-work.ts';
import type { PipelineResult } from '../executor/pipeline/pipeline.ts';
import { numberOf } from '../ids.ts';

/** `/v1/sync/datasets/dilute` and `/augment`: datasets that are made of others. */
export function registerDatasetDerivationRoutes(app: App, deps: DatasyncDeps): void {
  const { idempotency, warehouse, translatorUrl } = deps;
  /** What a run has come to, for as long as its answer is awaited. */
  const ended = (runId: string, answer: Writable) =>
    outputOf(deps, numberOf('run', runId), whileAwaited(answer, app.closing).signal);

  app.post(
    '/v1/sync/datasets/dilute',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Add records of better datasets to a dataset, its distribution kept; into a new dataset',
        description: 'Answers when the run has ended, or after 30 seconds with what is known then.',
        tags: ['datasets'],
        body: DiluteBody,
        response: { 200: DilutionAnswer, 202: DilutionStarted },
      },
    },
    async (request, reply) => {
      const started = await idempotency.send(request, reply, async (tx) => ({
        status: 202,
        body: await startDilution(tx, warehouse, actorOf(request), request.body),
      }));
      const output = (await ended(started.run_id, reply.raw)) as DilutionOutput | undefined;
      if (!output) {
        const open = { original_records: null, diluted_records: null, final_records: null, quality_improvement: null };
        return reply.code(202).send({ ...started, ...open });
      }
      const { short_groups, short_groups_total, ...numbers } = output;
      const short = short_groups as { values: unknown; wanted: number; drawn: number }[];
      return reply.code(200).send({ ...started, ...numbers, short_groups: short, short_groups_total });
    },
  );

  app.post(
    '/v1/sync/datasets/augment',
    {
      config: { access: 'sync:write' },
      schema: {
        summary: 'Add variants of its records to a dataset; into a new dataset',
        description: 'Answers when the run has ended, or after 30 seconds with what is known then.',
        tags: ['datasets'],
        body: AugmentBody,
        response: { 200: AugmentationAnswer, 202: AugmentationAnswer },
      },
    },
    async (request, reply) => {
      const started = await idempotency.send(request, reply, async (tx) => ({
        status: 202,
        body: await startAugmentation(tx, { warehouse, translatorUrl }, actorOf(request), request.body),
      }));
      const output = (await ended(started.run_id, reply.raw)) as PipelineResult | undefined;
      if (!output) {
        const open = { original_records: null, augmented_records: null, final_records: null };
        return reply.code(202).send({ ...started, ...open });
      }
      const final_records = output.records_written;
      const original_records = Math.round(output.records_read / (request.body.augmentation.multiplier ?? 2));
      const augmented_records = final_records - original_records;
      return reply.code(200).send({ ...started, original_records, augmented_records, final_records });
    },
  );
}
