import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { childEnvironment } from '../../../../sandbox/environment.ts';
import { inPrivateDirectory } from '../../../../sandbox/private-files.ts';
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
  return {
    async translate(texts, source, target, signal) {
      const modes = new Set((await run(program, ['-l'], signal)).split(/\s+/).filter(Boolean));
      const mode = modeOf(modes, source, target);
      const plain = texts.map((text) => text.replaceAll(/\s+/g, ' ').trim());
      // Between breaks there must be something, or they are one.
      const asked = plain.filter((text) => text !== '');
      if (asked.length === 0) return plain;
      const answered = (await translateFile(program, mode, asked.join(BREAK), signal)).split(BREAK);
      if (answered.length !== asked.length) {
        throw new ExecutorError(`Apertium did not answer a translation for each text (${mode})`, { retryable: false });
      }
      const next = answered.values();
      return plain.map((text) => (text === '' ? '' : (next.next().value ?? '')));
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

/** It opens its input by name, which a socket, as Node's standard input is one, has not. */
function translateFile(program: string, mode: string, text: string, signal: AbortSignal): Promise<string> {
  return inPrivateDirectory(async (folder) => {
    const input = path.join(folder, 'input.txt');
    await writeFile(input, text);
    return await run(program, ['-u', '-f', 'txt', mode, input], signal);
  });
}

/** It is a chain of programs: all of them are one process group, and end together. */
function run(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(program, args, {
      detached: true,
      env: childEnvironment({}),
      stdio: ['ignore', 'pipe', 'ignore'],
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
    child.once('error', (error) => reject(new ExecutorError(`Apertium does not start: ${error.message}`)));
    child.once('close', (code) => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason as Error);
      else if (code !== 0)
        reject(new ExecutorError(`Apertium ended with ${code} (${args[3] ?? args[0]})`, { retryable: false }));
      else resolve(Buffer.concat(output).toString());
    });
  });
}
