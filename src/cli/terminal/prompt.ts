import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliFailure } from '../failure.ts';

function requireTerminal(what: string, instead: string): void {
  if (!process.stdin.isTTY)
    throw new CliFailure('usage', `${what} is needed, and there is no terminal to ask at: ${instead}`);
}

/**
 * Asks on the terminal (on standard error, so that redirected output stays clean).
 * @param instead how to give the answer without a terminal
 */
export async function ask(question: string, instead: string): Promise<string> {
  requireTerminal(question, instead);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(`${question}: `)).trim();
  } finally {
    lines.close();
  }
}

/** Asks without showing what is typed. */
export async function askSecret(question: string, instead: string): Promise<string> {
  requireTerminal(question, instead);
  process.stderr.write(`${question}: `);
  // readline echoes what is typed to its output: one that swallows it.
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

/** All of standard input as text, its last line break removed. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
