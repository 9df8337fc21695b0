import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundle } from '../../scripts/bundle.ts';
import { environment } from '../../src/kernel/config.ts';
import { packageRoot } from '../../src/kernel/package.ts';
import { afterFile } from './cleanup.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input; empty unless told. */
  readonly input?: string;
}

/**
 * The command line as it is installed: bundled from the present source, once a test file, and started as processes of
 * its own.
 */
export class Longshore {
  readonly entry: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(entry: string, env: NodeJS.ProcessEnv) {
    this.entry = entry;
    this.#env = env;
  }

  /** @param env all of the environment but PATH and HOME, which are ours */
  static async build(env: NodeJS.ProcessEnv): Promise<Longshore> {
    // Within the package: from there the bundle finds its dependencies and its own files, as in dist/.
    const cache = path.join(packageRoot, 'node_modules/.cache');
    await mkdir(cache, { recursive: true });
    const folder = await mkdtemp(path.join(cache, 'longshore-test-'));
    afterFile(() => rm(folder, { recursive: true, force: true }));
    for (const file of await bundle(folder)) await writeFile(file.path, file.contents);
    const { PATH, HOME } = environment();
    return new Longshore(path.join(folder, 'longshore.js'), { PATH, HOME, ...env });
  }

  start(words: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
    const child = spawn(process.execPath, [this.entry, ...words], { cwd: packageRoot, env: { ...this.#env, ...env } });
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    return child;
  }

  /** Resolves when the command has ended, however it did. */
  run(words: readonly string[], { env, input = '' }: StartOptions = {}): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = this.start(words, env);
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (text: string) => {
        stdout += text;
      });
      child.stderr.on('data', (text: string) => {
        stderr += text;
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
      child.stdin.end(input);
    });
  }
}
