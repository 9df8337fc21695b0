import { createWriteStream } from 'node:fs';
import { link, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { randomText } from '../kernel/ids.ts';
import { CliFailure } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { DATASETS_PATH, type DatasetView, findDataset, listDatasets } from './remote/datasets.ts';
import { type LoadView, waitForLoad } from './remote/loads.ts';
import { withSession } from './session.ts';
import { formatBytes, Progress } from './terminal/progress.ts';
import type { Column } from './terminal/table.ts';
import { printable } from './terminal/width.ts';
import { wholeNumber } from './values.ts';

const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
type Format = (typeof FORMATS)[number];

const DATASET_COLUMNS: readonly Column<DatasetView>[] = [
  { header: 'ID', value: (dataset) => dataset.id },
  { header: 'NAME', value: (dataset) => dataset.name },
  { header: 'CATEGORY', value: (dataset) => dataset.category },
  { header: 'QUALITY', value: (dataset) => dataset.quality_score, align: 'right' },
  { header: 'RECORDS', value: (dataset) => dataset.records_count, align: 'right' },
  { header: 'UPDATED', value: (dataset) => dataset.last_updated },
];

const DATASET_ARGUMENT = ['<dataset>', 'its name or id'] as const;

interface ListOptions {
  readonly search?: string;
  readonly category?: string;
  readonly qualityMin?: string;
  readonly limit?: number;
}

interface DownloadOptions {
  readonly to?: string;
  readonly format?: Format;
}

function formatOf({ to = '', format }: DownloadOptions): Format {
  return format ?? FORMATS.find((known) => to.toLowerCase().endsWith(`.${known}`)) ?? 'csv';
}

async function* counted(body: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** Puts what comes into a file that is there only when it is whole. @throws CliFailure `conflict` when it is there already */
async function save(body: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const partial = `${file}.${randomText(8)}.partial`;
  try {
    await pipeline(body, createWriteStream(partial, { flags: 'wx' }));
    // Unlike a rename, a link is refused where something is already.
    await link(partial, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CliFailure('conflict', `${file} is there already; name another with --to, or remove it.`);
  } finally {
    await rm(partial, { force: true });
  }
}

function addDownload(dataset: Command): void {
  dataset
    .command('download')
    .argument(...DATASET_ARGUMENT)
    .description('all records of a dataset, as a file')
    .option('--to <file>', 'where to, - for standard output; unless told, the name of the dataset')
    .addOption(new Option('--format <format>', "unless the file's name tells; csv").choices([...FORMATS]))
    .action(
      withSession<DownloadOptions>(async (session, options, which) => {
        const { out } = session;
        const client = await session.client();
        const { id, name } = await findDataset(client, which);
        const format = formatOf(options);
        const file = options.to ?? `${path.basename(name)}.${format}`;
        const progress = new Progress(out.stderr, 'Download');
        let bytes = 0;
        const onBytes = (more: number) => {
          bytes += more;
          progress.update(bytes, null, formatBytes(bytes));
        };
        await interruptible('Interrupted: nothing is kept of it.', async (signal) => {
          const target = `${DATASETS_PATH}/${id}/download`;
          const response = await client.send('GET', target, { query: { format }, headers: { accept: '*/*' }, signal });
          if (!response.ok || !response.body) throw await client.refusal(response);
          const body = counted(response.body, onBytes);
          if (file === '-') await pipeline(body, process.stdout, { end: false });
          else await save(body, file);
        }).finally(() => progress.end());
        if (file !== '-') out.done(`${name} is in ${file} (${formatBytes(bytes)}).`, { id, name, file, bytes });
      }),
    );
}

/** What a push was answered with. @throws CliFailure `usage` for anything else */
function loadPath(id: string): string {
  if (/^req_\d+$/.test(id)) return `/v1/sync/push/requests/${id}`;
  if (/^file_\d+$/.test(id)) return `/v1/sync/files/${id}`;
  throw new CliFailure('usage', `${id} is neither a request (req_…) nor a file (file_…).`);
}

function addRetry(dataset: Command): void {
  dataset
    .command('retry')
    .argument('<id>', 'of what was pushed: req_… or file_…')
    .description('load into its dataset again what was pushed and could not be loaded')
    .option('--wait', 'until it is loaded; the exit code tells whether it was')
    .addHelpText(
      'after',
      '\nIt comes after all that was pushed into the dataset since. A file that is to overwrite it is refused then: push it again.',
    )
    .action(
      withSession<{ wait?: boolean }>(async (session, { wait }, id) => {
        const location = loadPath(id);
        const client = await session.client();
        let load = await client.request<LoadView>('POST', `${location}/retry`, { body: {} });
        if (wait) {
          load = await interruptible('The load goes on.', (signal) => waitForLoad<LoadView>(client, location, signal));
        }
        if (load.status === 'failed') {
          throw new CliFailure('failed', `The load failed again: ${printable(load.error ?? 'see its run')}`);
        }
        session.out.done(`${id} is ${wait ? 'loaded' : 'being loaded again'}.`, load);
      }),
    );
}

export function datasetCommand(): Command {
  const dataset = new Command('dataset');

  dataset
    .command('list')
    .description('the datasets')
    .option('--search <text>', 'only those that it finds')
    .option('--category <category>', 'only these')
    .option('--quality-min <score>', 'only those of at least this quality, 0 to 1')
    .option('--limit <n>', 'at most so many', wholeNumber(1))
    .action(
      withSession<ListOptions>(async ({ client, out }, options) => {
        const { search, category, qualityMin: quality_min, limit = Number.POSITIVE_INFINITY } = options;
        const datasets: DatasetView[] = [];
        for await (const one of listDatasets(await client(), { search, category, quality_min })) {
          if (datasets.length >= limit) break;
          datasets.push(one);
        }
        out.list(datasets, DATASET_COLUMNS, { empty: 'No datasets. Make one with "longshore push".' });
      }),
    );

  dataset
    .command('show')
    .argument(...DATASET_ARGUMENT)
    .description('all that is known of a dataset')
    .action(
      withSession(async (session, _options, which) => {
        const client = await session.client();
        const { id } = await findDataset(client, which);
        session.out.record(await client.get<object>(`${DATASETS_PATH}/${id}`));
      }),
    );

  addDownload(dataset);
  addRetry(dataset);
  return dataset;
}
