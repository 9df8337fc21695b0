import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/kernel/package.ts';

/*
 * Every command that a document shows is one that the command line understands. docs/cli.md is generated from it and
 * needs no test.
 */

interface Shown {
  readonly file: string;
  readonly words: string[];
  /** In running text a command may stand without what it works on. */
  readonly inText: boolean;
}

/** Words as a shell would split them: quotes kept together, continued lines joined, up to the command's end. */
function split(line: string): string[] {
  const words = line.replaceAll('\\\n', ' ').match(/(?:'[^']*'|"[^"]*"|[^\s'"&|;>])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => single ?? double));
}

const COMMAND = /(?:^|\s)longshore(?: --)? ([a-z].*)/s;

function commandsIn(file: string, text: string): Shown[] {
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => ({ line: line.replace(/\s#.*/, ''), inText: false })),
  );
  const spans = [...text.replaceAll(/```.*?```/gs, '').matchAll(/`([^`]+)`/g)].map(([, line = '']) => ({
    line,
    inText: true,
  }));
  return [...blocks, ...spans].flatMap(({ line, inText }) => {
    const command = COMMAND.exec(line)?.[1];
    return command === undefined ? [] : [{ file, words: split(command), inText }];
  });
}

/** The whole command line, doing nothing: only what it thinks of the words is of interest. */
async function parser(): Promise<Command> {
  const disarm = (command: Command): void => {
    command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    if (command.commands.length === 0) command.action(() => undefined);
    for (const child of command.commands) disarm(child);
  };
  const program = await createProgram('all');
  disarm(program);
  return program;
}

/** What the command line has against the words; undefined when nothing. */
async function complaint({ words, inText }: Shown): Promise<string | undefined> {
  try {
    await (await parser()).parseAsync(words, { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode === 0) return undefined;
    const incomplete = /missingArgument|missingMandatoryOptionValue|help/.test(error.code);
    return inText && incomplete ? undefined : error.message;
  }
}

async function documents(): Promise<string[]> {
  const folders = ['.', 'docs', 'docs/decisions', 'deploy', 'examples'];
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(path.join(packageRoot, folder))).map((name) => path.join(folder, name)),
    ),
  );
  return found.flat().filter((file) => file.endsWith('.md') && file !== 'docs/cli.md');
}

it('shows no command that the command line does not understand', async () => {
  const files = await documents();
  const texts = await Promise.all(files.map((file) => readFile(path.join(packageRoot, file), 'utf8')));
  const shown = texts.flatMap((text, index) => commandsIn(files[index] ?? '', text));
  // The README alone shows three.
  expect(shown.filter(({ inText }) => !inText).length).toBeGreaterThanOrEqual(3);
  const complaints: string[] = [];
  for (const one of shown) {
    const found = await complaint(one);
    if (found !== undefined) complaints.push(`${one.file}: longshore ${one.words.join(' ')}: ${found}`);
  }
  expect(complaints).toEqual([]);
});

it('would notice a command that has changed its name, and an option that is gone', async () => {
  const [command, option] = commandsIn('made up', '```sh\nlongshore tusk list\nlongshore task create x --gone 1\n```');
  expect(command && (await complaint(command))).toMatch(/unknown command 'tusk'/);
  expect(option && (await complaint(option))).toMatch(/unknown option '--gone'/);
});
