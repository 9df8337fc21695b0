import path from 'node:path';
import { build, type OutputFile } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');

/** Every file that is started by its path: the command, and the threads and child processes that it starts. */
export const ENTRIES = [
  'src/bin/longshore.ts',
  'src/bin/heartbeat-thread.ts',
  'src/areas/datasync/executor/formats/parse-child.ts',
];

/** The server and command line as bundles below `outDir`, which must lie in the package; nothing is written. */
export async function bundle(outDir: string): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(ENTRIES.map((entry) => [path.basename(entry, '.ts'), entry])),
    outdir: outDir,
    bundle: true,
    splitting: true,
    // Dependencies are resolved from node_modules at run time: they are installed anyway, and some find their own
    // files by path.
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.20',
    sourcemap: true,
    chunkNames: 'chunk-[hash]',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles;
}
