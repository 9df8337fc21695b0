import path from 'node:path';
import { Command } from 'commander';
import { CliFailure } from './failure.ts';
import { type Applied, applyDocuments } from './manifest/apply.ts';
import { parseManifest } from './manifest/parse.ts';
import { withSession } from './session.ts';
import type { Column } from './terminal/table.ts';
import { repeated, textOrFile } from './values.ts';

const COLUMNS: readonly Column<Applied>[] = [
  { header: 'KIND', value: (one) => one.kind },
  { header: 'NAME', value: (one) => one.name },
  { header: 'ID', value: (one) => one.id, align: 'right' },
  { header: 'ACTION', value: (one) => one.action },
  { header: 'CHANGED', value: (one) => one.changed },
];

interface ApplyOptions {
  readonly file: string[];
  readonly dryRun?: boolean;
}

export function applyCommand(): Command {
  return new Command('apply')
    .requiredOption('-f, --file <file>', 'what to apply, - for standard input; may be repeated', repeated)
    .option('--dry-run', 'tell what would be done, and do nothing')
    .addHelpText('after', '\nThe format, with its tags !file, !path and !server, is described in docs/cli.md.')
    .action(
      withSession<ApplyOptions>(async ({ client: connect, out }, { file: files, dryRun = false }) => {
        const client = await connect();
        // All files are read before anything is changed: a mistake in the last one leaves everything as it was.
        const documents = [];
        for (const file of files) {
          const folder = file === '-' ? process.cwd() : path.dirname(file);
          const text = await textOrFile(file, { bare: true });
          documents.push(...parseManifest(text, { origin: file, folder, server: client.server }));
        }
        if (documents.length === 0) throw new CliFailure('usage', 'There is nothing in what --file names.');
        const applied = await applyDocuments(client, documents, dryRun);
        out.list(applied, COLUMNS);
        for (const { name, secret } of applied) {
          if (secret !== undefined) out.note(`The secret of webhook ${name}, shown this once: ${secret}`);
        }
        if (dryRun) out.note('Nothing was changed: this was a dry run.');
      }),
    );
}
