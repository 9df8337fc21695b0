/**
 * Files that `longshore apply` takes: YAML, any number of documents, each with one key that says what it describes:
 *
 *     task:
 *       name: disk-report
 *       executor: shell
 *       command: df -h
 *
 * Below it stand the fields of the request that makes such a thing. Three tags take values from elsewhere:
 * `!file <path>` is the text of a file, `!path <path>` its absolute path (both as seen from the folder of the YAML
 * file), and `!server <path>` an address on the server that the file is applied to.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments, type ScalarTag } from 'yaml';
import { UsageError } from '../../kernel/errors.ts';

export interface TaskDocument {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Where it stands, for messages: `tasks.yaml, document 2`. */
  readonly origin: string;
}

function tags(folder: string, server: string): ScalarTag[] {
  const resolve = (text: string) => path.resolve(folder, text);
  return [
    { tag: '!path', resolve },
    {
      tag: '!file',
      resolve(text, onError) {
        try {
          return readFileSync(resolve(text), 'utf8');
        } catch (error) {
          onError(`!file: ${(error as Error).message}`);
          return '';
        }
      },
    },
    {
      tag: '!server',
      resolve(text, onError) {
        if (!text.startsWith('/')) onError('!server: must be a path on the server, such as /api/health');
        return server + text;
      },
    },
  ];
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toTask(content: unknown, origin: string): TaskDocument {
  const [entry, ...more] = isMapping(content) ? Object.entries(content) : [];
  if (!entry || more.length > 0 || entry[0] !== 'task' || !isMapping(entry[1])) {
    const found = isMapping(content) ? ` Found: ${Object.keys(content).join(', ')}.` : '';
    throw new UsageError(`${origin}: a document is "task:" with its fields indented below it.${found}`);
  }
  const { name } = entry[1];
  if (typeof name !== 'string' || name === '') throw new UsageError(`${origin}: task.name is missing.`);
  return { name, fields: entry[1], origin };
}

/**
 * @param origin what the text is called in messages
 * @param folder what `!file` and `!path` are relative to
 * @param server what `!server` addresses begin with
 * @throws UsageError that names the document and the line
 */
export function parseManifest(text: string, origin: string, folder: string, server: string): TaskDocument[] {
  const documents = parseAllDocuments(text, { customTags: tags(folder, server) });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, index) => {
    const place = documents.length > 1 ? `${origin}, document ${index + 1}` : origin;
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw new UsageError(`${place}: ${problem.message.split('\n')[0]}`);
    const content: unknown = document.toJS();
    // An empty document is what a trailing `---` leaves.
    return content === null ? [] : [toTask(content, place)];
  });
}
