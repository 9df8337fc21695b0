import { Command, Option } from 'commander';
import { WRITE_MODES } from '../areas/datasync/executor/spec/destinations.ts';
import { FILE_FORMATS } from '../areas/datasync/executor/spec/files.ts';
import { CliFailure } from './failure.ts';
import { interruptible } from './interrupt.ts';
import type { Client } from './remote/client.ts';
import { type LinesTaken, uploadLines } from './remote/line-upload.ts';
import { type FileView, type LoadView, type RequestView, uploadFile, waitForLoad } from './remote/loads.ts';
import { type Session, withSession } from './session.ts';
import type { Output } from './terminal/output.ts';
import { formatBytes, Progress } from './terminal/progress.ts';
import { printable } from './terminal/width.ts';
import { counted } from './terminal/words.ts';
import { listed } from './values.ts';

interface PushOptions {
  readonly source: string;
  readonly format?: string;
  readonly append?: boolean;
  readonly mode?: string;
  readonly keyColumn?: string[];
  readonly validate: boolean;
  readonly transform: boolean;
  readonly wait?: boolean;
}

/** Lines that are named; the server keeps the first hundred. */
const SHOWN_ERRORS = 10;

function isLines(file: string, { format }: PushOptions): boolean {
  return format === undefined ? /\.(ndjson|jsonl)(\.gz)?$/i.test(file) : format === 'ndjson';
}

function showRefused(out: Output, errors: readonly { readonly line: number; readonly message: string }[]): void {
  for (const { line, message } of errors.slice(0, SHOWN_ERRORS)) {
    out.note(out.style('yellow', `line ${line}: ${printable(message)}`, out.stderr));
  }
}

/** @throws CliFailure when the load failed, or records were not taken: the others are in the dataset all the same */
function settle(load: LoadView | undefined, rejected: number, { source, id }: { source: string; id: string }): void {
  if (load?.status === 'failed') {
    const why = printable(load.error ?? 'see its run');
    const mend = `Once that is mended, "longshore dataset retry ${id}" loads it again.`;
    throw new CliFailure('failed', `The load into ${source} failed: ${why}\n${mend}`);
  }
  if (rejected > 0)
    throw new CliFailure('failed', `${counted(rejected, 'record')} ${rejected === 1 ? 'was' : 'were'} not taken.`);
}

async function sendLines(client: Client, out: Output, file: string, options: PushOptions, signal: AbortSignal) {
  const progress = new Progress(out.stderr, 'Push');
  const startedAt = performance.now();
  const onProgress = (done: number, total: number) => {
    const perSecond = done / Math.max(0.001, (performance.now() - startedAt) / 1000);
    progress.update(
      done,
      total,
      `${formatBytes(done)} of ${formatBytes(total)}, ${formatBytes(Math.round(perSecond))}/s`,
    );
  };
  const onBreak = (accepted: number) => {
    progress.end();
    out.note(`The connection broke off; ${formatBytes(accepted)} had come. Going on there.`);
  };
  const { source, append, validate, transform } = options;
  const query = { source, upsert: !append, validate, transform };
  return uploadLines(client, { file, query, onProgress, onBreak, signal }).finally(() => progress.end());
}

const waiting = 'What was sent is kept; the load goes on.';

async function pushLines(session: Session, file: string, options: PushOptions): Promise<void> {
  const { out } = session;
  if (options.mode !== undefined || options.keyColumn !== undefined) {
    throw new CliFailure('usage', 'Lines are known by their id: --mode and --key-column are for other files.');
  }
  const client = await session.client();
  const lost = 'Interrupted: nothing of it is loaded.';
  const taken: LinesTaken = await interruptible(lost, (signal) => sendLines(client, out, file, options, signal));
  showRefused(out, taken.errors);
  const location = `/v1/sync/push/requests/${taken.request_id}`;
  const load: RequestView | undefined = options.wait
    ? await interruptible(waiting, (signal) => waitForLoad<RequestView>(client, location, signal))
    : undefined;
  const { accepted, rejected } = load ?? taken;
  if (load?.status !== 'failed') {
    const where = load ? 'loaded' : 'sent';
    out.done(
      `${counted(accepted, 'record')} ${where} into dataset ${options.source} (${taken.request_id}).`,
      load ?? taken,
    );
  }
  settle(load, rejected, { source: options.source, id: taken.request_id });
}

async function pushFile(session: Session, file: string, options: PushOptions): Promise<void> {
  const { out } = session;
  const client = await session.client();
  const { source, format, mode, append, keyColumn, validate, transform } = options;
  const sent = {
    ...{ source, validate, transform },
    ...(mode === undefined && !append ? {} : { mode: mode ?? 'append' }),
    ...(keyColumn === undefined ? {} : { key_columns: keyColumn }),
  };
  const uploaded = await interruptible('Interrupted: nothing of it is loaded.', (signal) =>
    uploadFile(client, { file, format, options: sent, signal }),
  );
  if (!options.wait) {
    const what = `${uploaded.filename} (${formatBytes(uploaded.size_bytes)})`;
    out.done(`${what} sent into dataset ${source} (${uploaded.file_id}).`, uploaded);
    return;
  }
  const location = `/v1/sync/files/${uploaded.file_id}`;
  const loaded = await interruptible(waiting, (signal) => waitForLoad<FileView>(client, location, signal));
  showRefused(out, loaded.errors);
  if (loaded.status !== 'failed') {
    const records = counted(loaded.records_count ?? 0, 'record');
    out.done(`${records} of ${loaded.filename} loaded into dataset ${source} (${loaded.file_id}).`, loaded);
  }
  settle(loaded, loaded.rejected_count, { source, id: uploaded.file_id });
}

export function pushCommand(): Command {
  return new Command('push')
    .argument('<file>', 'records, a line each (.ndjson, also packed as .gz); or a csv, json, parquet or excel file')
    .requiredOption('--source <name>', 'the dataset that they go to')
    .addOption(new Option('--format <format>', "unless the file's name tells").choices([...FILE_FORMATS]))
    .option('--append', 'each record is a new row; else lines take the place of those with their id')
    .addOption(new Option('--mode <mode>', 'of files that are not lines').choices([...WRITE_MODES]).conflicts('append'))
    .option('--key-column <name>', 'of such files: what makes a row the same row; may be repeated', listed)
    .option('--no-validate', "leave the dataset's rules aside")
    .option('--no-transform', "leave the dataset's transformations aside")
    .option('--wait', 'until they are loaded; the exit code tells whether all were')
    .addHelpText(
      'after',
      '\nA line is {"id", "data", "metadata"}. An upload of lines whose connection breaks off goes on where it was.',
    )
    .action(
      withSession<PushOptions>(async (session, options, file) => {
        await (isLines(file, options) ? pushLines : pushFile)(session, file, options);
      }),
    );
}
