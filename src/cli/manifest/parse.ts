/**
 * Files that `longshore apply` takes: YAML, any number of documents, each with one key that says what it describes:
 *
 *     task:
 *       name: disk-report
 *       executor: shell
 *       command: df -h
 *
 * (or `sync_job:`, or `webhook:`). Below it stand the fields of the request that makes such a thing. Three tags take values from elsewhere:
 * `!file <path>` is the text of a file, `!path <path>` its absolute path (both as seen from the folder of the YAML
 * file), and `!server <path>` an address on the server that the file is applied to.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments, type ScalarTag } from 'yaml';
import { UsageError } from '../../kernel/errors.ts';

/** What a document may describe. */
const DOCUMENT_KINDS = ['task', 'sync_job', 'webhook'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

export interface ManifestDocument {
  readonly kind: DocumentKind;
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

function toDocument(content: unknown, origin: string): ManifestDocument {
  const [entry, ...more] = isMapping(content) ? Object.entries(content) : [];
  const kind = DOCUMENT_KINDS.find((known) => known === entry?.[0]);
  if (!entry || !kind || more.length > 0 || !isMapping(entry[1])) {
    const known = DOCUMENT_KINDS.map((one) => `"${one}:"`).join(', ');
    const found = isMapping(content) ? ` Found: ${Object.keys(content).join(', ')}.` : '';
    throw new UsageError(`${origin}: a document is one of ${known} with its fields indented below it.${found}`);
  }
  const { name } = entry[1];
  if (typeof name !== 'string' || name === '') throw new UsageError(`${origin}: ${kind}.name is missing.`);
  return { kind, name, fields: entry[1], origin };
}

/** Where a text comes from, and what its tags mean. */
export interface ManifestOrigin {
  /** What the text is called in messages. */
  readonly origin: string;
  /** What `!file` and `!path` are relative to. */
  readonly folder: string;
  /** What `!server` addresses begin with. */
  readonly server: string;
}

/** The contents of all documents that are not empty, and where each stands. */
function contentsOf(text: string, { origin, folder, server }: ManifestOrigin): { content: unknown; place: string }[] {
  const documents = parseAllDocuments(text, { customTags: tags(folder, server) });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, index) => {
    const place = documents.length > 1 ? `${origin}, document ${index + 1}` : origin;
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw new UsageError(`${place}: ${problem.message.split('\n')[0]}`);
    const content: unknown = document.toJS();
    // An empty document is what a trailing `---` leaves.
    return content === null ? [] : [{ content, place }];
  });
}

/** @throws UsageError that names the document and the line */
export function parseManifest(text: string, origin: ManifestOrigin): ManifestDocument[] {
  return contentsOf(text, origin).map(({ content, place }) => toDocument(content, place));
}

/**
 * The fields of one thing: as a document of `kind`, or bare, such as the JSON body of a request.
 * @throws UsageError that names the file and the line
 */
export function parseFields(text: string, origin: ManifestOrigin, kind: DocumentKind): Record<string, unknown> {
  const [found, ...more] = contentsOf(text, origin);
  const content = isMapping(found?.content) ? found.content : undefined;
  const fields = content && Object.keys(content).length === 1 && kind in content ? content[kind] : content;
  if (!isMapping(fields) || more.length > 0) {
    throw new UsageError(`${origin.origin}: must hold one "${kind}:" with its fields, or the fields alone.`);
  }
  return fields;
}
