import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Upwards from this module, since its depth differs: `src/kernel/` in a checkout, `dist/` once it is bundled. Only our
 * own manifest counts, so that a `package.json` put beside the bundle by someone else does not become the root.
 */
function findPackage(): { root: string; version: string } {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown; version?: unknown };
      if (name === 'longshore' && typeof version === 'string') return { root: folder, version };
    }
    if (folder === path.dirname(folder)) throw new Error(`No package.json of Longshore above ${import.meta.dirname}`);
  }
}

const found = findPackage();

/** The absolute path of the installed package: what is read at run time (migrations, console, examples) lies below. */
export const packageRoot: string = found.root;

/** This version, such as `0.1.0`. */
export const packageVersion: string = found.version;
