import { CliFailure } from '../failure.ts';
import type { Client } from './client.ts';

export const DATASETS_PATH = '/v1/sync/datasets';

/** A dataset in a list; only what the commands read. */
export interface DatasetView {
  readonly id: string;
  readonly name: string;
  readonly category: string | null;
  /** 0 to 1; null before it was looked at. */
  readonly quality_score: number | null;
  readonly records_count: number | null;
  readonly last_updated: string | null;
}

interface DatasetPage {
  readonly datasets: readonly DatasetView[];
  readonly total: number;
}

/** All datasets that match, a page after the other. */
export async function* listDatasets(
  client: Client,
  query: Readonly<Record<string, string | number | undefined>>,
): AsyncGenerator<DatasetView> {
  for (let page = 1, seen = 0; ; page += 1) {
    const { datasets, total } = await client.get<DatasetPage>(DATASETS_PATH, { ...query, page, per_page: 100 });
    yield* datasets;
    seen += datasets.length;
    if (datasets.length === 0 || seen >= total) return;
  }
}

/**
 * The dataset of this name, else of this id.
 * @throws CliFailure `notFound`
 */
export async function findDataset(client: Client, which: string): Promise<DatasetView> {
  for await (const dataset of listDatasets(client, { search: which })) if (dataset.name === which) return dataset;
  if (/^ds_\d+$/.test(which)) return client.get<DatasetView>(`${DATASETS_PATH}/${which}`);
  throw new CliFailure('notFound', `There is no dataset "${which}". "longshore dataset list" shows them.`);
}
