import { type Command, InvalidArgumentError } from 'commander';
import { JOB_ARGUMENT } from './job-view.ts';
import type { Page } from './remote/client.ts';
import { findSyncJob, JOBS_PATH } from './remote/sync-jobs.ts';
import { withSession } from './session.ts';
import type { Output } from './terminal/output.ts';
import type { Column } from './terminal/table.ts';
import { wholeNumber } from './values.ts';

type Row = Readonly<Record<string, unknown>>;

interface PreviewView {
  readonly before: readonly Row[];
  readonly after: readonly Row[];
  readonly rejected: readonly { readonly record: number; readonly reason: string }[];
}

interface QuarantinedView {
  readonly id: number;
  readonly run_id: string;
  readonly line: number | null;
  readonly record: number;
  readonly field: string | null;
  readonly reason: string;
  readonly raw: string;
  readonly redriven_by: string | null;
}

const QUARANTINE_COLUMNS: readonly Column<QuarantinedView>[] = [
  { header: 'ID', value: (one) => one.id, align: 'right' },
  { header: 'RUN', value: (one) => one.run_id },
  { header: 'RECORD', value: (one) => one.record, align: 'right' },
  { header: 'LINE', value: (one) => one.line, align: 'right' },
  { header: 'FIELD', value: (one) => one.field },
  { header: 'REASON', value: (one) => one.reason },
  { header: 'RAW', value: (one) => one.raw },
  { header: 'TAKEN BY', value: (one) => one.redriven_by },
];

/** A table of what records hold: a column for each field that any of them has, in the order of their appearance. */
function columnsOfRows(rows: readonly Row[]): Column<Row>[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return [...names].map((name) => ({ header: name, value: (row) => row[name] }));
}

function showPreview(out: Output, preview: PreviewView): void {
  if (out.format !== 'table') {
    out.record(preview);
    return;
  }
  const { before, after, rejected } = preview;
  out.line(out.style('bold', 'Before'));
  out.list(before, columnsOfRows(before), { empty: 'The source has no records.' });
  out.line(`\n${out.style('bold', 'After')}`);
  out.list(after, columnsOfRows(after), { empty: 'Nothing is left of them.' });
  if (rejected.length === 0) return;
  out.line(`\n${out.style('bold', 'Refused')}`);
  out.list(rejected, [
    { header: 'RECORD', value: ({ record }) => record, align: 'right' },
    { header: 'REASON', value: ({ reason }) => reason },
  ]);
}

function recordIds(text: string, earlier: number[] | undefined): number[] {
  const ids = text.split(',').map(Number);
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 1)) {
    throw new InvalidArgumentError('It must be ids as "longshore job quarantine" shows them, with commas between.');
  }
  return [...(earlier ?? []), ...ids];
}

/** What a job makes of its records: a preview, what it has refused, and how to take that again. */
export function addSyncRecords(job: Command): void {
  job
    .command('preview')
    .argument(...JOB_ARGUMENT)
    .description('the first records of its source, before and after its transformations; nothing is written')
    .option('--limit <n>', 'so many, up to 100', wholeNumber(1), 10)
    .action(
      withSession<{ limit: number }>(async (session, { limit }, which) => {
        const client = await session.client();
        const { id } = await findSyncJob(client, which);
        const body = { limit: Math.min(limit, 100) };
        showPreview(session.out, await client.request<PreviewView>('POST', `${JOBS_PATH}/${id}/preview`, { body }));
      }),
    );

  job
    .command('quarantine')
    .argument(...JOB_ARGUMENT)
    .description('the records that it has refused, the newest first')
    .option('--limit <n>', 'at most so many, up to 100', wholeNumber(1), 20)
    .action(
      withSession<{ limit: number }>(async (session, { limit }, which) => {
        const client = await session.client();
        const { id } = await findSyncJob(client, which);
        const query = { page: 1, per_page: Math.min(limit, 100) };
        const { items, total } = await client.get<Page<QuarantinedView>>(`${JOBS_PATH}/${id}/quarantine`, query);
        session.out.list(items, QUARANTINE_COLUMNS, { empty: 'It has refused nothing.' });
        if (total > items.length) session.out.note(`These are the latest ${items.length} of ${total}.`);
      }),
    );

  job
    .command('redrive')
    .argument(...JOB_ARGUMENT)
    .description('take refused records again, through the job as it is now')
    .option('--ids <ids>', 'only these, with commas between; unless told, all that were not taken yet', recordIds)
    .action(
      withSession<{ ids?: number[] }>(async (session, { ids }, which) => {
        const client = await session.client();
        const { id, name } = await findSyncJob(client, which);
        const body = ids === undefined ? {} : { ids };
        const started = await client.request<{ run_id: string; records: number }>(
          'POST',
          `${JOBS_PATH}/${id}/quarantine/redrive`,
          { body },
        );
        const said = `Run ${started.run_id} takes ${started.records} records of ${name} again.`;
        session.out.done(said, started);
      }),
    );
}
