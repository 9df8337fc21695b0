import { isUtf8 } from 'node:buffer';
import type { OutboundResponse } from '../../../../connections/outbound.ts';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { isValueMap, parsePointer, valueAt } from '../json-pointer.ts';
import { JsonTooDeep, parseJson } from '../json-text.ts';
import type { Value } from '../pipeline/contracts.ts';

/** A line of NDJSON that is no JSON. */
export class BadLine {
  /** Within its page, from 1. */
  readonly line: number;
  readonly text: string;
  constructor(line: number, text: string) {
    this.line = line;
    this.text = text;
  }
}

/** What a page holds: one document, or the records of NDJSON, where there is nothing around them. */
export type PageContent =
  | { readonly document: Value; readonly lines?: never }
  | { readonly document?: never; readonly lines: readonly (Value | BadLine)[] };

/**
 * Reads an answer by what it is, not by what it says it is: content types lie.
 * @param page names it in errors, such as `page 3 of GET /customers`
 * @param excerpt its beginning, as it may be shown
 */
export function readContent(answer: OutboundResponse, page: string, excerpt: () => string): PageContent {
  if (answer.status === 204) return { lines: [] };
  const type = contentType(answer);
  const text = decodeBody(answer, page);
  if (LINES.test(type)) {
    const lines = readLines(text, page);
    return lines.length === 1 && Array.isArray(lines[0]) ? { document: lines[0] } : { lines };
  }
  try {
    return { document: parseJson(text) };
  } catch (error) {
    if (error instanceof JsonTooDeep) throw refused(`${page}: ${error.message}`);
    if (isLineOfMany(text)) return { lines: readLines(text, page) };
    throw refused(
      `${page} is not JSON (content type ${type || 'none'}), it begins: ${excerpt() || '(nothing)'}`,
      isCutOff(text),
    );
  }
}

const LINES = /ndjson|jsonl|json-?lines|json-seq/i;
// In UTF-16 Latin text would be valid UTF-8 too.
const WIDE = /^utf-?16/i;

/** Whether `readContent` takes the answer for one document, if it is JSON in UTF-8. */
export function isDocument(answer: OutboundResponse): boolean {
  const type = contentType(answer);
  return answer.status !== 204 && !LINES.test(type) && !WIDE.test(charsetOf(type));
}

/** Where the connection's end is the answer's end, nothing else tells that it was lost. */
function isCutOff(text: string): boolean {
  const trimmed = text.trim();
  return /^[[{]/.test(trimmed) && !/[\]}]$/.test(trimmed);
}

function refused(message: string, retryable = false): ExecutorError {
  return new ExecutorError(message, { retryable });
}

function contentType({ headers }: OutboundResponse): string {
  return [headers['content-type'] ?? ''].flat().join(', ').slice(0, 200);
}

function charsetOf(type: string): string {
  const [, charset = 'utf-8'] = /charset\s*=\s*"?([^\s;"]+)/i.exec(type) ?? [];
  return charset;
}

/** JSON is UTF-8 whatever is said of it; only what is not is decoded as the server says. */
function decodeBody(answer: OutboundResponse, page: string): string {
  const charset = charsetOf(contentType(answer));
  if (!WIDE.test(charset) && isUtf8(answer.body)) {
    const text = answer.body.toString('utf8');
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
  if (/^utf-?8$/i.test(charset)) throw refused(`${page} is not valid UTF-8`);
  try {
    return new TextDecoder(charset, { fatal: true }).decode(answer.body);
  } catch {
    throw refused(`${page} is neither valid UTF-8 nor ${charset}, which it says it is`);
  }
}

/** Whether a text that is no JSON document begins with a line that is one, and goes on. */
function isLineOfMany(text: string): boolean {
  const end = text.indexOf('\n');
  if (end < 0 || text.trimEnd().length <= end) return false;
  try {
    return isValueMap(parseJson(text.slice(0, end)));
  } catch {
    return false;
  }
}

/** Before each record of a JSON text sequence (RFC 7464). */
const RECORD_SEPARATOR = '\u001e';

function readLines(text: string, page: string): (Value | BadLine)[] {
  const records: (Value | BadLine)[] = [];
  let line = 0;
  for (const part of text.split('\n')) {
    line += 1;
    const content = part.startsWith(RECORD_SEPARATOR) ? part.slice(1).trim() : part.trim();
    if (content === '') continue;
    try {
      records.push(parseJson(content));
    } catch (error) {
      if (error instanceof JsonTooDeep) throw refused(`${page}, line ${line}: ${error.message}`);
      records.push(new BadLine(line, content));
    }
  }
  return records;
}

/** What lists are called where there is more than one, or where one may be null instead of empty. */
const LIST_NAMES = [
  'data',
  'items',
  'results',
  'records',
  'rows',
  'value',
  'values',
  'entries',
  'content',
  'Resources',
];
/** What lists are wrapped in. */
const WRAPPERS = ['data', 'result', 'results', 'response', '_embedded'];

/** Finds the records of an endpoint's pages: where it was told, or where the first page shows that they are. */
export class RecordFinder {
  #path: readonly string[] | undefined;
  /** The guess held for a list that was null, and may turn out otherwise. */
  readonly #told: boolean;

  constructor(recordPath: string | undefined) {
    this.#told = recordPath !== undefined;
    this.#path = recordPath === undefined ? undefined : parsePointer(recordPath);
  }

  /** Where they are, once that is known. */
  get path(): readonly string[] | undefined {
    return this.#path;
  }

  /** @throws ExecutorError when there is no list of records, or more than one that may be it */
  find(content: PageContent, page: string, excerpt: () => string): readonly (Value | BadLine)[] {
    if (content.lines) return content.lines;
    const path = this.#path ?? guessPath(content.document, page, excerpt);
    const found = valueAt(content.document, path);
    if (Array.isArray(found)) {
      this.#path = path;
      return found as readonly Value[];
    }
    // An empty list, as some servers write it.
    if (found === null) return [];
    if (this.#told && isValueMap(found)) return [found];
    const what = found === undefined ? 'nothing' : 'no list';
    throw refused(`${page} has ${what} at ${shownPath(path)}; set record_path. It begins: ${excerpt()}`);
  }
}

function shownPath(path: readonly string[]): string {
  return path.length === 0 ? 'its top' : `/${path.join('/')}`;
}

function guessPath(document: Value, page: string, excerpt: () => string): string[] {
  if (Array.isArray(document)) return [];
  if (!isValueMap(document)) throw refused(`${page} holds no records: it begins: ${excerpt()}`);
  const outer = listsOf(document, []);
  const lists = outer.length > 0 ? outer : WRAPPERS.flatMap((name) => listsOf(document[name], [name]));
  const known = lists.filter((path) => LIST_NAMES.includes(path.at(-1) ?? ''));
  const candidates = known.length > 0 ? known : lists;
  const [path, ...others] = candidates;
  if (path && others.length === 0) return path;
  if (path) {
    throw refused(
      `${page} has several lists that may be the records: ${candidates.map(shownPath).join(', ')}; set record_path`,
    );
  }
  const empty = LIST_NAMES.find((name) => Object.hasOwn(document, name) && document[name] === null);
  if (empty !== undefined) return [empty];
  throw refused(`${page} has no list of records; set record_path. It begins: ${excerpt()}`);
}

/** The paths of a value's members that are lists. */
function listsOf(value: Value | undefined, path: readonly string[]): string[][] {
  if (!isValueMap(value)) return [];
  return Object.keys(value)
    .filter((name) => Array.isArray(value[name]))
    .map((name) => [...path, name]);
}
