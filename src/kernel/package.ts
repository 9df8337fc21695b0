import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

function findRoot(): string {
  // The same code runs from src/kernel/ under tsx and from dist/ as a bundle: the root is above both.
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}

/** Where the package's own files are: migrations, examples, the built console. */
export const packageRoot = findRoot();

/** This version of Longshore, such as `1.2.0`. */
export const version: string = (
  JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;
