/**
 * Builds what `longshore` runs from: the server bundle into `dist/`, the console into `console/dist/`. A part whose
 * inputs are unchanged since its last build is left alone, so this may stand in front of every start.
 *
 * `--force` builds in any case, from empty folders (for packing).
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OutputFile } from 'esbuild';
import { bundle, ENTRIES } from './bundle.ts';

const root = path.resolve(import.meta.dirname, '..');
const inRoot = (...parts: string[]) => path.join(root, ...parts);

/** Chunks of older builds stay this long: a server that was started from them still imports them lazily. */
const KEEP_OLD_CHUNKS_MS = 24 * 60 * 60 * 1000;

interface Part {
  readonly name: string;
  readonly outDir: string;
  /** The file without which there is no build, whatever the stamp says. */
  readonly main: string;
  /** Files and folders, relative to the root, whose content decides whether the output is stale. */
  readonly inputs: readonly string[];
  readonly build: (outDir: string) => Promise<void>;
}

const NO_INPUT = new Set(['node_modules', 'dist']);

async function filesBelow(input: string): Promise<string[]> {
  const found = await stat(inRoot(input)).catch(() => undefined);
  if (!found) return [];
  if (!found.isDirectory()) return [input];
  const entries = await readdir(inRoot(input), { withFileTypes: true });
  const files = entries.map(async (entry) => {
    const name = path.join(input, entry.name);
    if (entry.isDirectory()) return NO_INPUT.has(entry.name) ? [] : filesBelow(name);
    return entry.isFile() && !/\.test\.tsx?$/.test(name) ? [name] : [];
  });
  return (await Promise.all(files)).flat();
}

/** By content and not by time: a checkout of another branch and back must not rebuild, an older file must. */
async function fingerprint(inputs: readonly string[]): Promise<string> {
  const files = (await Promise.all(inputs.map(filesBelow))).flat().sort();
  const contents = await Promise.all(files.map((file) => readFile(inRoot(file))));
  const hash = createHash('sha256');
  files.forEach((file, index) => {
    const content = contents[index];
    if (content) hash.update(`${file}\0${content.length}\0`).update(content);
  });
  return hash.digest('hex');
}

/** A process that starts meanwhile sees the old file or the new one, never half of it. */
async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, file);
}

async function pruneOldChunks(outDir: string, current: readonly OutputFile[]): Promise<void> {
  const kept = new Set(current.map((file) => path.relative(outDir, file.path)));
  for (const name of await readdir(outDir)) {
    if (kept.has(name)) continue;
    const file = path.join(outDir, name);
    const found = await stat(file).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > KEEP_OLD_CHUNKS_MS) await rm(file, { force: true });
  }
}

async function buildServer(outDir: string): Promise<void> {
  const outputFiles = await bundle(outDir);
  // Entries last: they name chunks, which must be there by then.
  const entries = new Set(ENTRIES.map((entry) => `${path.basename(entry, '.ts')}.js`));
  const isEntry = (file: OutputFile) => entries.has(path.basename(file.path));
  for (const file of [...outputFiles].sort((a, b) => Number(isEntry(a)) - Number(isEntry(b)))) {
    await writeWhole(file.path, file.contents);
  }
  await pruneOldChunks(outDir, outputFiles);
}

async function buildConsole(outDir: string): Promise<void> {
  // Built aside and swapped, so that a running server never serves an index without its assets.
  const aside = inRoot('node_modules/.cache/longshore', `console-${process.pid}`);
  const { status } = spawnSync(
    'npm',
    ['run', '--silent', 'build', '-w', 'console', '--', '--outDir', aside, '--emptyOutDir', '--logLevel', 'warn'],
    { cwd: root, stdio: ['ignore', process.stderr, 'inherit'] },
  );
  if (status !== 0) throw new Error('the console did not build');
  await rm(outDir, { recursive: true, force: true });
  await rename(aside, outDir);
}

const PARTS: readonly Part[] = [
  {
    name: 'server',
    outDir: inRoot('dist'),
    main: 'longshore.js',
    inputs: ['src', 'package.json', 'package-lock.json', 'tsconfig.json', 'scripts/build.ts', 'scripts/bundle.ts'],
    build: buildServer,
  },
  {
    name: 'console',
    outDir: inRoot('console/dist'),
    main: 'index.html',
    inputs: ['console', 'package-lock.json'],
    build: buildConsole,
  },
];

async function bringUpToDate(part: Part, force: boolean): Promise<void> {
  const stamp = inRoot('node_modules/.cache/longshore', `${part.name}.inputs`);
  const current = await fingerprint(part.inputs);
  const isBuilt = existsSync(stamp) && existsSync(path.join(part.outDir, part.main));
  if (!force && isBuilt && (await readFile(stamp, 'utf8')) === current) return;
  const begun = performance.now();
  if (force) await rm(part.outDir, { recursive: true, force: true });
  await rm(stamp, { force: true });
  await part.build(part.outDir);
  await writeWhole(stamp, current);
  // On stderr: the output of the command that follows may be read by a program.
  console.error(`built the ${part.name} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

const force = process.argv.includes('--force');
for (const part of PARTS) await bringUpToDate(part, force);
