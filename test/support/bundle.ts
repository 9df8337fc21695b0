import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { packageRoot } from '../../src/kernel/package.ts';

/** Started by their paths, by workers. */
const STARTED_BY_PATH = ['src/bin/heartbeat-thread.ts', 'src/areas/datasync/executor/formats/parse-child.ts'];

/**
 * Bundles processes as the product itself is bundled, so that they start as fast and run the same code.
 * @param name of the folder, below node_modules/.cache/longshore, that they are written to
 * @param entries files to start, relative to the package's root
 * @returns the bundle of an entry
 */
export async function bundleProcesses(name: string, entries: readonly string[]): Promise<(entry: string) => URL> {
  const outdir = path.join(packageRoot, 'node_modules/.cache/longshore', name);
  const nameOf = (entry: string) => path.basename(entry, '.ts');
  await build({
    absWorkingDir: packageRoot,
    entryPoints: Object.fromEntries([...entries, ...STARTED_BY_PATH].map((entry) => [nameOf(entry), entry])),
    outdir,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.20',
    sourcemap: true,
    logLevel: 'warning',
  });
  return (entry) => pathToFileURL(path.join(outdir, `${nameOf(entry)}.js`));
}
