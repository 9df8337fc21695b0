import { spawn } from 'node:child_process';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { childEnvironment } from '../../../../sandbox/environment.ts';
import type { TranslationEngine } from './translation.ts';

/** Modes are named by codes of two letters or of three. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  en: ['en', 'eng'],
  es: ['es', 'spa'],
  fr: ['fr', 'fra'],
  pt: ['pt', 'por'],
  ca: ['ca', 'cat'],
  zh: ['zh', 'zho', 'cmn'],
};
/** Between texts: a paragraph's end, which no text has within. */
const BREAK = '\n\n';

/** Apertium, as it is installed on this machine. */
export function apertium(program: string): TranslationEngine {
  let modes: Promise<ReadonlySet<string>> | undefined;
  return {
    async translate(texts, source, target, signal) {
      modes ??= run(program, ['-l'], '', signal).then((list) => new Set(list.split(/\s+/).filter(Boolean)));
      const mode = modeOf(await modes, source, target);
      const input = texts.map((text) => text.replaceAll(/\s+/g, ' ').trim()).join(BREAK);
      const translated = (await run(program, ['-u', '-f', 'txt', mode], input, signal)).split(BREAK);
      if (translated.length !== texts.length) {
        throw new ExecutorError(`Apertium did not answer a translation for each text (${mode})`, { retryable: false });
      }
      return translated;
    },
  };
}

function modeOf(modes: ReadonlySet<string>, source: string, target: string): string {
  for (const from of CODES[source] ?? [source]) {
    for (const to of CODES[target] ?? [target]) {
      if (modes.has(`${from}-${to}`)) return `${from}-${to}`;
    }
  }
  throw new ExecutorError(
    `Apertium on this worker does not translate from ${source} to ${target}; it has ${[...modes].join(', ') || 'no pair'}: install a pair, or choose another pivot_language`,
    { retryable: false },
  );
}

/** It is a chain of programs: all of them are one process group, and end together. */
function run(program: string, args: readonly string[], input: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(program, args, {
      detached: true,
      env: childEnvironment({}),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const end = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    signal.addEventListener('abort', end, { once: true });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stdin.on('error', () => {});
    child.once('error', (error) => reject(new ExecutorError(`Apertium does not start: ${error.message}`)));
    child.once('close', (code) => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason as Error);
      else if (code !== 0)
        reject(new ExecutorError(`Apertium ended with ${code} (${args.join(' ')})`, { retryable: false }));
      else resolve(Buffer.concat(output).toString());
    });
    child.stdin.end(input);
  });
}
