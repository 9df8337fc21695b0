/**
 * The process in which files are parsed that make their reader allocate what they say: should one of them lie, this
 * process dies of its memory limit and nothing else does. It sends rows only as they are asked for.
 */
import type { FromParser, ParsedFile, ParseJob, ToParser } from './confined-protocol.ts';

let credit = 0;
let credited: () => void = () => {};

function send(message: FromParser): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}

async function asked(): Promise<void> {
  while (credit === 0) {
    await new Promise<void>((resolve) => {
      credited = resolve;
    });
  }
  credit -= 1;
}

/** Each library is loaded only where it is used. */
async function parse(job: ParseJob): Promise<ParsedFile> {
  if (job.format === 'parquet') return await (await import('./parquet-file.ts')).parseParquet(job);
  return await (await import('./excel-file.ts')).parseExcel(job);
}

async function run(job: ParseJob): Promise<void> {
  try {
    const { columns, total, rows } = await parse(job);
    await send({ type: 'opened', columns, total });
    for await (const some of rows) {
      await asked();
      await send({ type: 'rows', rows: some });
    }
    await send({ type: 'end' });
  } catch (error) {
    await send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
  process.disconnect();
}

process.on('message', (message: ToParser) => {
  if (message.type === 'start') void run(message.job);
  else {
    credit += 1;
    credited();
  }
});
// Whoever asked is gone.
process.on('disconnect', () => process.exit(0));
