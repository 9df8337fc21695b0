import type { OutboundResponse } from '../../../../connections/outbound.ts';
import { ExecutorError } from '../../../../protocol/executor.ts';
import { isValueMap, parsePointer, valueAt } from '../json-pointer.ts';
import type { Value } from '../pipeline/contracts.ts';
import type { RestConfig } from '../spec/rest.ts';
import type { PageContent } from './rest-api-answer.ts';

export type RestEndpoint = RestConfig['endpoints'][number];
type PaginationSpec = NonNullable<RestEndpoint['pagination']>;
type CursorPagination = Extract<PaginationSpec, { type: 'cursor' }>;

/** Where a page begins, as the server is asked for it: an offset, a page's number, a cursor or a URL; null = at the first. */
export type PageToken = string | number | null;

export interface PageAnswer {
  readonly answer: OutboundResponse;
  readonly content: PageContent;
  /** Records of this page. */
  readonly count: number;
}

/** One way of asking for page after page. */
export interface Pagination {
  readonly first: PageToken;
  /** Records a page that are asked for. */
  readonly limit: number;
  /** Whether pages are counted, and so end where nothing follows; else the server says that they do. */
  readonly counted: boolean;
  /** Whether a page begins behind the records of all before it, however many they are. */
  readonly shifts: boolean;
  /** Parameters of the request for a page, with values as a JSON body takes them. */
  parameters(token: PageToken): [name: string, value: string | number][];
  /** The page after `page`; undefined when the server says that there is none. */
  next(token: PageToken, page: PageAnswer, where: string): PageToken | undefined;
  /** The page so many pages of `size` records further on; only where they are counted. */
  passOver(token: PageToken, pages: number, size: number): PageToken;
}

const notCounted = (): never => {
  throw new ExecutorError('partitions need pagination.type page or offset', { retryable: false });
};

const DEFAULT_LIMIT = 100;
/** A position holds it, and every batch the position. */
const LONGEST_TOKEN = 16 * 1024;

export function createPagination(spec: PaginationSpec | undefined): Pagination {
  switch (spec?.type) {
    case undefined:
      return {
        first: null,
        limit: Number.POSITIVE_INFINITY,
        counted: false,
        shifts: false,
        parameters: () => [],
        next: () => undefined,
        passOver: notCounted,
      };
    case 'offset':
      return spec.page_param === undefined ? byOffset(spec) : byPage(spec, 1);
    case 'page':
      return byPage(spec, spec.start_page ?? 1);
    case 'cursor':
      return byCursor(spec);
    case 'link':
      return byLink(spec);
  }
}

function byOffset(spec: Extract<PaginationSpec, { type: 'offset' }>): Pagination {
  const { offset_param = 'offset', limit_param = 'limit', limit = DEFAULT_LIMIT } = spec;
  return {
    first: 0,
    limit,
    counted: true,
    shifts: true,
    parameters: (token) => [
      [offset_param, Number(token)],
      [limit_param, limit],
    ],
    // By what came, not by what was asked for: servers have limits of their own.
    next: (token, { count }) => Number(token) + count,
    passOver: (token, pages, size) => Number(token) + pages * size,
  };
}

function byPage(spec: Extract<PaginationSpec, { type: 'offset' | 'page' }>, first: number): Pagination {
  const { page_param = 'page', limit_param = 'limit', limit = DEFAULT_LIMIT } = spec;
  return {
    first,
    limit,
    counted: true,
    shifts: false,
    parameters: (token) => [
      [page_param, Number(token)],
      [limit_param, limit],
    ],
    next: (token) => Number(token) + 1,
    passOver: (token, pages) => Number(token) + pages,
  };
}

/** Where cursors stand in most APIs that have one. */
const CURSOR_PLACES = [
  '/next_cursor',
  '/meta/next_cursor',
  '/cursor',
  '/nextCursor',
  '/pagination/next_cursor',
  '/response_metadata/next_cursor',
  '/next_page_token',
  '/nextPageToken',
].map(parsePointer);

function byCursor(spec: CursorPagination): Pagination {
  const { cursor_param = 'cursor', limit_param, limit = DEFAULT_LIMIT } = spec;
  const places = spec.cursor_path === undefined ? CURSOR_PLACES : [parsePointer(spec.cursor_path)];
  return {
    first: null,
    limit,
    counted: false,
    shifts: false,
    parameters: (token) => [
      ...(token === null ? [] : [[cursor_param, token] satisfies [string, PageToken]]),
      ...limitParameter(limit_param, limit),
    ],
    next: (_token, { content, answer }, where) => {
      if (content.lines && answer.status !== 204) {
        throw new ExecutorError(`${where} is NDJSON, which has no place for a cursor; use pagination.type link`, {
          retryable: false,
        });
      }
      return cursorIn(content.document, places, where);
    },
    passOver: notCounted,
  };
}

function limitParameter(name: string | undefined, limit: number): [string, number][] {
  return name === undefined ? [] : [[name, limit]];
}

function cursorIn(document: Value | undefined, places: readonly string[][], where: string): PageToken | undefined {
  // Some servers repeat the last cursor, and say here that it is the last.
  if (isValueMap(document) && (document.has_more === false || document.hasMore === false)) return undefined;
  for (const place of places) {
    const found = valueAt(document, place);
    if (found === undefined || found === null || found === '' || found === false) continue;
    const token = typeof found === 'bigint' ? found.toString() : found;
    if (typeof token === 'number' || (typeof token === 'string' && token.length <= LONGEST_TOKEN)) return token;
    const what = typeof token === 'string' ? `${token.length} characters long` : 'neither text nor a number';
    throw new ExecutorError(`${where}: the cursor at /${place.join('/')} is ${what}`, { retryable: false });
  }
  return undefined;
}

function byLink(spec: Extract<PaginationSpec, { type: 'link' }>): Pagination {
  const { limit_param, limit = DEFAULT_LIMIT } = spec;
  return {
    first: null,
    limit,
    counted: false,
    shifts: false,
    // Later pages are asked for by the URL that the server gave, as it is.
    parameters: (token) => (token === null ? limitParameter(limit_param, limit) : []),
    next: (_token, { answer }, where) => {
      const target = nextLink([answer.headers.link ?? []].flat().join(', '));
      if (target === undefined) return undefined;
      if (URL.canParse(target, answer.url) && target.length <= LONGEST_TOKEN) return new URL(target, answer.url).href;
      throw new ExecutorError(`${where}: the link to the next page is no URL: ${target.slice(0, 200)}`, {
        retryable: false,
      });
    },
    passOver: notCounted,
  };
}

/** The target of the first link with the relation `next` (RFC 8288). */
export function nextLink(header: string): string | undefined {
  let at = 0;
  for (;;) {
    const open = header.indexOf('<', at);
    const close = header.indexOf('>', open);
    if (open < 0 || close < 0) return undefined;
    const { parameters, end } = linkParameters(header, close + 1);
    if (relationsOf(parameters).includes('next')) return header.slice(open + 1, close);
    at = end;
  }
}

/** The parameters behind a link's target, and where the next link begins: commas within quotes end none. */
function linkParameters(header: string, from: number): { parameters: string[]; end: number } {
  const parameters: string[] = [];
  let start = from;
  let quoted = false;
  for (let index = from; index < header.length; index++) {
    const character = header[index];
    if (character === '"') quoted = !quoted;
    else if (quoted) index += character === '\\' ? 1 : 0;
    else if (character === ';' || character === ',') {
      parameters.push(header.slice(start, index));
      start = index + 1;
      if (character === ',') return { parameters, end: start };
    }
  }
  parameters.push(header.slice(start));
  return { parameters, end: header.length };
}

/** In lower case; of several `rel` the first counts. */
function relationsOf(parameters: readonly string[]): string[] {
  for (const parameter of parameters) {
    const [name = '', ...value] = parameter.split('=');
    if (name.trim().toLowerCase() !== 'rel') continue;
    return value.join('=').trim().replace(/^"|"$/g, '').toLowerCase().split(/\s+/);
  }
  return [];
}
