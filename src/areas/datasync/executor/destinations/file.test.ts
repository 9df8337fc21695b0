import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFile as readRows } from '../formats/read-all.fixture.ts';
import type { Destination, Row, SyncState } from '../pipeline/contracts.ts';
import type { FileDestination as FileSpec } from '../spec/destinations.ts';
import { fileDestination } from './file.ts';

let root: string;
let exportDir: string;
const opened: Destination[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'file-destination-'));
  exportDir = path.join(root, 'exports');
});
afterEach(async () => {
  for (const destination of opened.splice(0)) await destination.close();
  await rm(root, { recursive: true, force: true });
});

type Given = Partial<FileSpec> & { jobKey?: string; runId?: number; epoch?: number };

function destinationOf({ jobKey = 'job_1:1', runId = 1, epoch = 1, ...spec }: Given = {}): Destination {
  const destination = fileDestination({
    spec: { type: 'file', path: 'out.csv', ...spec },
    exportDir,
    jobKey,
    runId,
    epoch,
  });
  opened.push(destination);
  return destination;
}

const stateOf = (given: Partial<SyncState> = {}): SyncState => ({
  run_id: 1,
  position: 1,
  cursor: null,
  read: 0,
  written: 0,
  rejected: 0,
  complete: false,
  definition: 'd',
  ...given,
});
const told = async () => {};
const put = async (destination: Destination, rows: Row[], state: Partial<SyncState> = {}) =>
  await destination.write({ rows, ordinals: rows.map((_, index) => index), state: stateOf(state), beforeCommit: told });
const complete = (given: Partial<SyncState> = {}) => stateOf({ position: null, complete: true, ...given });
const content = async (name = 'out.csv') => await readFile(path.join(exportDir, name), 'utf8');

/** A whole run. */
async function run(rows: Row[], given: Given = {}): Promise<void> {
  const destination = destinationOf(given);
  await destination.open();
  await put(destination, rows, { run_id: given.runId ?? 1 });
  await destination.finish(complete({ run_id: given.runId ?? 1 }));
  await destination.close();
}

describe('overwriting', () => {
  it('shows the rows when all are there, and leaves nothing else behind but its state', async () => {
    const destination = destinationOf({ path: 'a/b/out.csv' });
    expect(await destination.open()).toBeUndefined();
    expect(await put(destination, [{ id: 1, name: '甲' }])).toMatchObject({ written: 1, rejects: [] });
    await put(destination, [{ id: 2, extra: true }]);
    expect(await readdir(path.join(exportDir, 'a/b'))).not.toContain('out.csv');
    await destination.finish(complete());
    expect(await content('a/b/out.csv')).toBe('id,name,extra\n1,甲,\n2,,true\n');
    expect(await readdir(path.join(exportDir, 'a/b'))).toEqual(['.longshore-out.csv.state', 'out.csv']);
  });

  it.each([
    ['out.csv', 'csv'],
    ['out.json', 'json'],
    ['out.ndjson.gz', 'ndjson'],
    ['out.parquet', 'parquet'],
    ['out.xlsx', 'excel'],
  ] as const)('writes %s as its name says', async (name, format) => {
    const rows = [
      { id: 1, name: '甲 🚢' },
      { id: 2, name: null },
    ];
    await run(rows, { path: name });
    expect((await readRows(format, await readFile(path.join(exportDir, name)))).rows).toEqual(rows);
  });

  it('replaces what an earlier run has written', async () => {
    await run([{ id: 1 }]);
    await run([{ id: 2 }], { runId: 2 });
    expect(await content()).toBe('id\n2\n');
  });

  it('begins anew in a new run, whatever a broken one has gathered', async () => {
    const broken = destinationOf();
    await broken.open();
    await put(broken, [{ id: 1 }]);
    const next = destinationOf({ runId: 2 });
    expect(await next.open()).toMatchObject({ run_id: 1, position: null });
    await put(next, [{ id: 2 }], { run_id: 2 });
    await next.finish(complete({ run_id: 2 }));
    expect(await content()).toBe('id\n2\n');
  });

  it('does not go on from rows that are gone', async () => {
    const first = destinationOf();
    await first.open();
    await put(first, [{ id: 1 }]);
    await rm(path.join(exportDir, '.longshore-out.csv.rows'));
    expect(await destinationOf({ epoch: 2 }).open()).toMatchObject({ position: null });
  });

  it('may find nothing to write', async () => {
    await run([], { path: 'out.ndjson' });
    expect(await content('out.ndjson')).toBe('');
  });
});

describe('appending', () => {
  const append = { mode: 'append' } as const;

  it('adds to the file with every write, under the header that it has', async () => {
    const destination = destinationOf(append);
    await destination.open();
    await put(destination, [{ id: 1, name: 'a' }]);
    expect(await content()).toBe('id,name\n1,a\n');
    await destination.finish(complete());
    await run([{ name: 'b', id: 2 }], { ...append, runId: 2 });
    expect(await content()).toBe('id,name\n1,a\n2,b\n');
  });

  it('keeps what others have added between two runs, and mends their last line', async () => {
    await run([{ id: 1 }], append);
    await appendFile(path.join(exportDir, 'out.csv'), '2');
    await run([{ id: 3 }], { ...append, runId: 2 });
    expect(await content()).toBe('id\n1\n2\n3\n');
  });

  it('adds members to packed files', async () => {
    const packed = { ...append, path: 'out.ndjson.gz' };
    await run([{ id: 1 }], packed);
    await run([{ id: 2 }], { ...packed, runId: 2 });
    const bytes = await readFile(path.join(exportDir, 'out.ndjson.gz'));
    expect(gunzipSync(bytes).toString()).toBe('{"id":1}\n{"id":2}\n');
  });

  it('cuts off what was written and not committed', async () => {
    const first = destinationOf(append);
    await first.open();
    await put(first, [{ id: 1 }]);
    const dying = first.write({
      rows: [{ id: 2 }],
      ordinals: [1],
      state: stateOf({ position: 2 }),
      beforeCommit: async () => {
        throw new Error('killed');
      },
    });
    await expect(dying).rejects.toThrow('killed');
    expect(await content()).toBe('id\n1\n2\n');
    const second = destinationOf({ ...append, epoch: 2 });
    expect(await second.open()).toEqual(stateOf({ position: 1, written: 1 }));
    expect(await content()).toBe('id\n1\n');
  });

  it('refuses fields that the header has no column for', async () => {
    await run([{ id: 1 }], append);
    await expect(run([{ id: 2, more: 3 }], { ...append, runId: 2 })).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining('the field more'),
    });
    expect(await content()).toBe('id\n1\n');
  });

  it('refuses formats that cannot be added to, and files that are packed otherwise', async () => {
    expect(() => destinationOf({ ...append, path: 'out.parquet' })).toThrow('destination.mode');
    await run([{ id: 1 }], append);
    await expect(run([{ id: 2 }], { ...append, runId: 2, compression: 'gzip' })).rejects.toThrow(
      'destination.compression',
    );
  });
});

describe('the fence', () => {
  it.each(['append', 'overwrite'] as const)('keeps an overtaken attempt from writing (%s)', async (mode) => {
    const stale = destinationOf({ mode });
    await stale.open();
    await put(stale, [{ id: 1 }]);
    const later = destinationOf({ mode, epoch: 2 });
    expect(await later.open()).toMatchObject({ position: 1 });
    await expect(put(stale, [{ id: 2 }])).rejects.toThrow('another attempt of this job has taken over');
    await expect(stale.finish(complete())).rejects.toThrow('has taken over');
    await expect(destinationOf({ mode, epoch: 1 }).open()).rejects.toMatchObject({ retryable: false });
    await later.finish(complete());
    expect(await content()).toBe('id\n1\n');
  });

  it('goes with the job through its resets, which forget the rest', async () => {
    await run([{ id: 1 }], { runId: 5 });
    await expect(destinationOf({ jobKey: 'job_1:2', runId: 4 }).open()).rejects.toThrow('run 5');
    expect(await destinationOf({ jobKey: 'job_1:2', runId: 6 }).open()).toBeUndefined();
    expect(await destinationOf({ jobKey: 'job_2:1', runId: 1 }).open()).toBeUndefined();
  });

  it('lets a run that has finished say so again', async () => {
    await run([{ id: 1 }]);
    expect(await destinationOf({ epoch: 2 }).open()).toMatchObject({ complete: true });
    expect(await content()).toBe('id\n1\n');
  });
});

describe('paths', () => {
  it.each([
    '/etc/x.csv',
    '../x.csv',
    'a/../../x.csv',
    'a//x.csv',
    'x\0.csv',
    'a\\x.csv',
    './x.csv',
    '.longshore-x.csv',
    'x/',
  ])('%j is refused', async (given) => {
    const refused = async () => await destinationOf({ path: given, format: 'csv' }).open();
    await expect(refused()).rejects.toMatchObject({
      name: 'ExecutorError',
      retryable: false,
      message: expect.stringContaining('destination.path'),
    });
  });

  it('do not lead out over links', async () => {
    await mkdir(exportDir);
    await symlink(root, path.join(exportDir, 'out'));
    await writeFile(path.join(root, 'secret.csv'), 'kept');
    await symlink(path.join(root, 'secret.csv'), path.join(exportDir, 'link.csv'));
    await expect(destinationOf({ path: 'out/x.csv' }).open()).rejects.toThrow('destination.path');
    await expect(destinationOf({ path: 'link.csv' }).open()).rejects.toThrow('destination.path');
    expect(await readFile(path.join(root, 'secret.csv'), 'utf8')).toBe('kept');
  });

  it('without a format in their name need one', () => {
    expect(() => destinationOf({ path: 'out' })).toThrow('destination.format');
  });
});

describe('csv for spreadsheets', () => {
  const rows = [{ formula: '=1+1', sign: '+49 151', number: '-1.50', n: -3, at: '@x' }];

  it('holds no formulas, and numbers as they are', async () => {
    await run(rows);
    expect(await content()).toBe(`formula,sign,number,n,at\n"'=1+1","'+49 151",-1.50,-3,"'@x"\n`);
  });

  it('is left alone when told', async () => {
    await run(rows, { escape_formulas: false });
    expect(await content()).toBe('formula,sign,number,n,at\n=1+1,+49 151,-1.50,-3,@x\n');
  });
});

describe('a writer that is killed', () => {
  const WRITER = fileURLToPath(new URL('./file-writer.fixture.ts', import.meta.url));

  /** One attempt. @param killAt what it says when it is killed; @returns whether it came to its end */
  async function attempt(spec: FileSpec, epoch: number, killAt: string | undefined): Promise<boolean> {
    const options = { spec, exportDir, jobKey: 'job_1:1', runId: 1, epoch };
    const child = fork(WRITER, [JSON.stringify(options)], { execArgv: ['--import', import.meta.resolve('tsx')] });
    let done = false;
    child.on('message', (said) => {
      if (said === 'done') done = true;
      if (said === killAt) child.kill('SIGKILL');
    });
    // Not its exit, which its last words may come after.
    await once(child, 'close');
    return done;
  }

  it.each([
    ['out.csv', 'append'],
    ['out.csv', 'overwrite'],
  ] as const)('loses and doubles nothing (%s, %s)', async (name, mode) => {
    const spec: FileSpec = { type: 'file', path: name, mode };
    const kills = ['write 0', 'wrote 30', 'write 90', 'finishing'];
    for (const [epoch, killAt] of kills.entries()) await attempt(spec, epoch, killAt);
    expect(await attempt(spec, kills.length, undefined)).toBe(true);
    const expected = Array.from({ length: 200 }, (_, id) => `${id},名 ${id}\n`).join('');
    expect(await content(name)).toBe(`id,name\n${expected}`);
  });
});
