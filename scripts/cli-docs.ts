/** Writes docs/cli.md: the command line as commander itself describes it, and what stands around it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command, Option } from 'commander';
import { EXIT_CODES } from '../src/cli/exit-codes.ts';
import { createProgram } from '../src/cli/program.ts';

const INTRODUCTION = `# The command line

\`longshore\` starts Longshore, and is the way to work with it from a terminal or a script. In a checkout it is
\`npm run -s longshore -- <command>\`.

This page is generated from the commands themselves (\`npm run generate\`).

## Which server

Commands that speak to a server find it in this order:

1. \`--server\`, with \`--token\`; without a token, the key that a profile holds for that very address is used.
2. \`--profile\`, or \`LONGSHORE_SERVER\` with \`LONGSHORE_TOKEN\` (also \`LONGSHORE_TOKEN_FILE\`).
3. The profile in use: \`longshore login <address>\` signs in, makes an API key for this machine, and keeps it in
   \`~/.config/longshore/profiles.yaml\`, which only you can read. The password is stored nowhere.
4. The server of this machine. It leaves its address (\`server.json\`) and a key (\`cli.key\`) in its data directory,
   for whoever can read that: after \`longshore up\`, commands work without signing in.

\`longshore profile use local\` prefers the server of this machine over the other profiles.

\`user\` and \`db\` work on the database itself, also while no server runs.

## What comes out

Data goes to standard output, remarks and errors to standard error. \`-o json\` and \`-o yaml\` give what the server
answered, unchanged. Tables fit the terminal; where there is none, nothing is cut off and nothing coloured. \`NO_COLOR\`
and \`--no-color\` are respected. With \`--follow\` and \`-o json\`, each log line is one JSON object.

## Files for apply

\`longshore apply -f <file>\` makes what is not there by its name, and changes what differs. Applying a file twice does
nothing the second time; \`--dry-run\` tells what would be done. Fields that a file does not name stay as they are;
\`null\` takes a field away. A secret cannot be compared, since no answer shows it: what holds one is written each time.

A file holds any number of documents. Each is one \`task:\`, \`sync_job:\` or \`webhook:\` with the fields of the request
that makes such a thing. A webhook's secret is shown when it is made; webhooks are not changed.

\`\`\`yaml
task:
  name: nightly-report
  executor: python
  script: !file report.py
  arguments: [!path data.csv]
  schedule: '0 2 * * *'
  timezone: Europe/Berlin
---
task:
  name: own-health
  executor: http
  url: !server /api/health
  expected_body: '"healthy"'
---
sync_job:
  name: ports
  connector: { type: file, config: { url: https://example.com/ports.csv } }
  destination: { type: database, table: ports, mode: upsert, key_columns: [code] }
\`\`\`

| tag | value |
| --- | --- |
| \`!file <path>\` | the text of a file, taken when the file is applied |
| \`!path <path>\` | the absolute path of a file; it must be there on the worker too |
| \`!server <path>\` | an address on the server that the file is applied to |

Paths begin at the folder of the YAML file.

## Backup and restore

\`longshore db backup <file>\` writes everything that Longshore keeps in its database, as of one instant, while it goes on
working. The tables of the warehouse are in it, where they lie in that database, with their keys and plain indexes; what
else users have put into the schema \`data\` (views, triggers…) is named and left out. Syncs that replace such a table or
change its columns wait until the backup is done. \`--no-warehouse\` leaves all of it out.
**The master key is not in it**: keep a copy of \`master.key\` elsewhere, or no stored secret can be read again.
\`longshore db restore <file>\` checks the whole file first and then puts it into an empty database, in one transaction.
A backup of an older version is brought up to this one.
`;

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function optionRow(option: Option): string {
  const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
  const fallback = option.defaultValue === undefined || option.negate ? '' : `; ${option.defaultValue} unless told`;
  const flags = option.flags.replaceAll('|', '\\|');
  return `| \`${flags}\` | ${cell(option.description + choices + fallback)}${option.mandatory ? '; required' : ''} |`;
}

function table(heading: string, rows: string[]): string[] {
  return rows.length === 0 ? [] : ['', `| ${heading} | |`, '| --- | --- |', ...rows];
}

/** Sections of the commands that do something; those that only group others give no section of their own. */
function sections(command: Command, words: string): string[] {
  const own = command.commands.filter((child) => child.name() !== 'help');
  if (own.length > 0) return own.flatMap((child) => sections(child, `${words} ${child.name()}`));
  const args = command.registeredArguments.map((argument) => {
    const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
    const choices = argument.argChoices ? ` (${argument.argChoices.join(', ')})` : '';
    return { name, row: `| \`${name}\` | ${cell(argument.description + choices)} |` };
  });
  const usage = [words, ...args.map(({ name }) => name)].join(' ');
  const options = command.options.filter((option) => !option.hidden).map(optionRow);
  return [
    '',
    `### \`${usage}\``,
    '',
    `${command.description().charAt(0).toUpperCase()}${command.description().slice(1)}.`,
    ...table(
      'argument',
      args.map(({ row }) => row),
    ),
    ...table('option', options),
  ];
}

const program = await createProgram('all');
const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${cell(meaning)} |`);
const text = [
  INTRODUCTION,
  '## Exit codes',
  '',
  '| code | meaning |',
  '| ---: | --- |',
  ...codes,
  '',
  '## Options everywhere',
  ...table('option', program.options.filter((option) => !option.hidden).map(optionRow)),
  '',
  '## Commands',
  ...sections(program, 'longshore'),
  '',
].join('\n');
await writeFile(path.resolve(import.meta.dirname, '../docs/cli.md'), text);
