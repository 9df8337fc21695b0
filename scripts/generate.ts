/**
 * Makes every file that is generated from another and committed.
 *
 * `--check` changes nothing and fails when one is stale.
 */
import { spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

interface Generator {
  readonly command: readonly [string, ...string[]];
  /** The files that it writes, relative to the root. */
  readonly outputs: readonly string[];
}

/** In order: a later one may read what an earlier one wrote. */
const GENERATORS: readonly Generator[] = [
  { command: ['node', '--import', 'tsx', 'scripts/state-machine.ts'], outputs: ['docs/state-machine.md'] },
  { command: ['node', '--import', 'tsx', 'scripts/cli-docs.ts'], outputs: ['docs/cli.md'] },
  {
    command: ['node', '--import', 'tsx', 'scripts/common-passwords.ts'],
    outputs: ['src/auth/common-passwords.gen.ts'],
  },
  {
    command: ['node', '--import', 'tsx', 'scripts/openapi.ts'],
    outputs: ['scheduler', 'datasync', 'governance'].map((area) => `docs/openapi/${area}.json`),
  },
  {
    command: ['npm', 'run', '--silent', 'generate', '-w', 'console'],
    outputs: ['scheduler', 'datasync', 'governance'].map((area) => `console/api/${area}.gen.ts`),
  },
];

const root = path.resolve(import.meta.dirname, '..');

function run(generator: Generator): void {
  const [program, ...args] = generator.command;
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${generator.command.join(' ')} ended with ${status}`);
}

const readOrAbsent = (file: string) => readFile(path.join(root, file)).catch(() => undefined);

/** @returns the outputs that were stale; all are as they were before */
async function staleOutputs(): Promise<string[]> {
  const outputs = GENERATORS.flatMap((generator) => generator.outputs);
  const before = await Promise.all(outputs.map(readOrAbsent));
  try {
    for (const generator of GENERATORS) run(generator);
    const after = await Promise.all(outputs.map(readOrAbsent));
    return outputs.filter((_, index) => {
      const [old, fresh] = [before[index], after[index]];
      return !old || !fresh || !old.equals(fresh);
    });
  } finally {
    for (const [index, output] of outputs.entries()) {
      const old = before[index];
      const file = path.join(root, output);
      await (old ? writeFile(file, old) : rm(file, { force: true }));
    }
  }
}

if (process.argv.includes('--check')) {
  const stale = await staleOutputs();
  for (const file of stale) console.error(`${file} is stale: run "npm run generate" and commit what it changes.`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const generator of GENERATORS) run(generator);
}
