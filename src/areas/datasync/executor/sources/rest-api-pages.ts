import type { OutboundResponse } from '../../../../connections/outbound.ts';
import { ExecutorError, type Json, type LogLineLevel } from '../../../../protocol/executor.ts';
import { parsePointer, valueAt } from '../json-pointer.ts';
import type { Value } from '../pipeline/contracts.ts';
import { type RestClient, statusText } from '../rest/client.ts';
import { type PageContent, RecordFinder, readContent } from './rest-api-answer.ts';
import { createPagination, type PageToken, type Pagination, type RestEndpoint } from './rest-api-pagination.ts';
import { digestOf, ListedRecords, type PageRecords, TextPages } from './rest-api-records.ts';
import { pageRequest } from './rest-api-request.ts';

/** How far an endpoint was read: kept in positions. */
export type PageState = {
  readonly token: PageToken;
  /** Pages before this one, and the records on them. */
  readonly pages: number;
  readonly seen: number;
  /** Records of the first page; null before it. */
  readonly size: number | null;
  /** Whether the page before was smaller than was asked for. */
  readonly short: boolean;
  /** What tells whether a page is the one before once more. */
  readonly digest: string | null;
};

/** The same while pages are read: the digest is made when a position is kept, for few are. */
export interface PagePlace extends Omit<PageState, 'digest'> {
  /** The page before, or its digest. */
  readonly before: PageRecords | string | null;
}

export function stateOf({ before, ...place }: PagePlace): PageState {
  return { ...place, digest: typeof before === 'object' && before !== null ? before.fingerprint : before };
}

export function placeOf({ digest, ...state }: PageState): PagePlace {
  return { ...state, before: digest };
}

export interface Page {
  readonly state: PagePlace;
  readonly records: PageRecords;
  /** undefined at the last page. */
  readonly next: PagePlace | undefined;
  /** How many records the server says there are, on all pages. */
  readonly total: number | undefined;
  readonly bytes: number;
}

/** Pages whose number, from 0, divided by `count` leaves `index`: the others are read by other runs. */
export interface PageShare {
  readonly index: number;
  readonly count: number;
}

const ALL_PAGES: PageShare = { index: 0, count: 1 };

interface PageOptions {
  readonly baseUrl: string;
  readonly endpoint: RestEndpoint;
  readonly client: RestClient;
  /** The incremental cursor. */
  readonly since: Json | undefined;
  /** Whether records may come as text. */
  readonly text: boolean;
  /** All pages unless told; others only of paginations that are counted. */
  readonly share?: PageShare;
  log(level: LogLineLevel, message: string): void;
}

const DEFAULT_MAX_PAGES = 1_000_000;
/** Pages without records but with a next one, in a row: feeds that wait for news have no last page. */
const EMPTY_PAGES = 20;
/** Cursors that are remembered to notice a circle; a longer one ends at `max_pages`. */
const REMEMBERED_TOKENS = 100_000;

/** Reads an endpoint page by page, and keeps servers from leading round in circles. */
export class PageReader {
  readonly #options: PageOptions;
  readonly #pagination: Pagination;
  readonly #finder: RecordFinder;
  readonly #textPages: TextPages | undefined;
  readonly #name: string;
  readonly #share: PageShare;
  readonly #visited = new Set<string>();
  #emptyPages = 0;
  /** Of the page before, if this reader has read it. */
  #last: PageRecords | undefined;
  /** As the server has told it last. */
  #total: number | undefined;

  constructor(options: PageOptions) {
    this.#options = options;
    const { endpoint, text, share = ALL_PAGES } = options;
    this.#share = share;
    const { pagination, total_path } = endpoint;
    const cursor = pagination?.type === 'cursor' ? pagination.cursor_path : undefined;
    this.#textPages = text ? new TextPages([total_path, cursor]) : undefined;
    this.#pagination = createPagination(endpoint.pagination);
    this.#finder = new RecordFinder(endpoint.record_path);
    this.#name = `${endpoint.method ?? 'GET'} ${endpoint.path}`;
  }

  /**
   * Whoever reads a share of the pages looks at the first one all the same: it tells how large pages are, how many
   * records there are, and whether the server knows which page it is asked for.
   * @throws ExecutorError; what the client throws
   */
  async *read(from: PageState | undefined): AsyncGenerator<Page, void> {
    let state = from ? placeOf(from) : this.#beginning();
    for (;;) {
      this.#visit(state);
      const page = await this.#page(state);
      if (!page) return;
      if (state.pages % this.#share.count === this.#share.index) yield page;
      if (!page.next) return;
      state = page.next;
    }
  }

  #beginning(): PagePlace {
    return { token: this.#pagination.first, pages: 0, seen: 0, size: null, short: false, before: null };
  }

  #where({ pages }: PagePlace): string {
    return this.#options.endpoint.pagination ? `page ${pages + 1} of ${this.#name}` : `the answer to ${this.#name}`;
  }

  /** @throws ExecutorError when this page was read before, or is one too many */
  #visit(state: PagePlace): void {
    const { max_pages = DEFAULT_MAX_PAGES } = this.#options.endpoint.pagination ?? {};
    if (state.pages >= max_pages) {
      throw failure(`${this.#name} has more than ${max_pages} pages; raise pagination.max_pages if they are all meant`);
    }
    // Numbers only grow.
    if (this.#pagination.counted) return;
    const token = digestOf(JSON.stringify(state.token));
    if (this.#visited.has(token)) {
      const shown = this.#options.client.redact(String(state.token)).slice(0, 200);
      throw failure(
        `${this.#where(state)} was read before: the server leads back to ${JSON.stringify(shown)}, and would for ever`,
      );
    }
    this.#visited.add(token);
    const [oldest] = this.#visited;
    if (oldest !== undefined && this.#visited.size > REMEMBERED_TOKENS) this.#visited.delete(oldest);
  }

  /** @returns undefined when there is no such page, all records having been read */
  async #page(state: PagePlace): Promise<Page | undefined> {
    const { baseUrl, endpoint, client, since } = this.#options;
    const where = this.#where(state);
    const request = pageRequest(baseUrl, endpoint, this.#pagination, state.token, since);
    const answer = await client.send(request);
    if (this.#isPastEnd(answer, state)) return undefined;
    const excerpt = () => client.excerpt(answer);
    if (answer.status < 200 || answer.status > 299) throw refusal(answer, client.shownUrl(request), excerpt());
    if (answer.truncated) {
      throw failure(`${where} is larger than ${request.maxBodyBytes / 1024 / 1024} MB; ask for fewer records a page`);
    }
    const { content, records } = this.#read(answer, where, excerpt);
    const { count } = records;
    this.#total = totalOf(endpoint.total_path, answer, content.document) ?? this.#total;
    const isRepeated = count > 0 && this.#isLast(records, state);
    this.#last = records;
    if (isRepeated) {
      this.#repeated(state, where, count);
      return undefined;
    }
    const next = this.#pagination.next(state.token, { answer, content, count }, where);
    const short = count < this.#pagination.limit;
    const size = state.size ?? count;
    const others = this.#others(state.pages);
    const token = others === 0 || next === undefined ? next : this.#pagination.passOver(next, others, size);
    const following: PagePlace = {
      token: this.#kept(token),
      pages: state.pages + 1 + others,
      seen: state.seen + count + others * size,
      size,
      short,
      before: count === 0 ? null : records,
    };
    if (others > 0 && count < size) this.#refuseGap({ seen: state.seen + count }, where);
    const goesOn = token !== undefined && this.#goesOn(following, count);
    return { state, records, next: goesOn ? following : undefined, total: this.#total, bytes: answer.body.length };
  }

  #read(
    answer: OutboundResponse,
    where: string,
    excerpt: () => string,
  ): { readonly content: PageContent; readonly records: PageRecords } {
    const asText = this.#finder.path && this.#textPages?.read(answer, this.#finder.path);
    if (asText) return asText;
    const wasKnown = this.#finder.path !== undefined;
    const content = readContent(answer, where, excerpt);
    const list = this.#finder.find(content, where, excerpt);
    // The page that has shown where records are comes as those behind it do.
    const found = wasKnown ? undefined : this.#finder.path;
    return (found && this.#textPages?.read(answer, found)) ?? { content, records: new ListedRecords(list) };
  }

  /** Whether these are the records of the page before. */
  #isLast(records: PageRecords, state: PagePlace): boolean {
    return this.#last ? this.#last.isLike(records) : state.before === records.fingerprint;
  }

  /** @returns how many pages between this one and our next are not ours */
  #others(pages: number): number {
    const { index, count } = this.#share;
    return (((index - pages - 1) % count) + count) % count;
  }

  /**
   * Behind a page that is not full the next ones are not where they would be by counting full ones.
   * @throws ExecutorError unless it is the last
   */
  #refuseGap({ seen }: Pick<PagePlace, 'seen'>, where: string): void {
    if (this.#isAll({ seen }) || !this.#pagination.shifts) return;
    throw failure(
      `${where} has fewer records than the first, and more follow: partitions cannot tell where pages begin; leave partitions out`,
    );
  }

  /** A link as it may be kept: without what signs it, which servers like to repeat. */
  #kept(token: PageToken | undefined): PageToken {
    if (this.#options.endpoint.pagination?.type !== 'link' || typeof token !== 'string') return token ?? null;
    return this.#options.client.unsigned(new URL(token)).href;
  }

  /**
   * Whether to ask for another page, when there is a way to.
   *
   * Counted pages end with an empty one, or with one that is not full. What is full, the server decides: one that gives
   * 100 records at a time though 1000 were asked for has not ended. So a first page that is short is followed by a
   * look at the next, unless the server has told the total.
   */
  #goesOn(following: PagePlace, count: number): boolean {
    if (!this.#pagination.counted) return this.#isWorthAsking(following, count);
    if (count === 0) return false;
    if (!following.short) return true;
    if (this.#total !== undefined) return !this.#isAll(following);
    return count >= (following.size ?? 0);
  }

  #isWorthAsking(following: PagePlace, count: number): boolean {
    this.#emptyPages = count === 0 ? this.#emptyPages + 1 : 0;
    if (this.#emptyPages < EMPTY_PAGES) return true;
    const { log } = this.#options;
    log(
      'warning',
      `${this.#name}: ${EMPTY_PAGES} pages without records, up to page ${following.pages}: taken as the end`,
    );
    return false;
  }

  /** Whether nothing speaks against these being all records. */
  #isAll({ seen }: Pick<PagePlace, 'seen'>): boolean {
    return this.#total === undefined || seen >= this.#total;
  }

  /** Many servers answer 404 past the last page; and whatever they answer past a short one, it was the last. */
  #isPastEnd({ status }: OutboundResponse, state: PagePlace): boolean {
    if (!this.#pagination.counted || state.pages === 0 || !this.#isAll(state)) return false;
    const mayBeLast = state.short || (this.#share.count > 1 && this.#total !== undefined);
    return status === 404 || (mayBeLast && (status === 400 || status === 416 || status === 422));
  }

  /** @throws ExecutorError unless the page before was short, and so may have been all there is */
  #repeated(state: PagePlace, where: string, count: number): void {
    const { pagination } = this.#options.endpoint;
    if (!this.#pagination.counted || !state.short || !this.#isAll(state)) {
      const check = pagination?.type === 'cursor' ? 'cursor_param' : 'the names of its parameters';
      throw failure(
        `${where} is the page before once more (${count} records): the server does not understand which page it is asked for; check pagination: ${check}`,
      );
    }
    this.#options.log(
      'warning',
      `${where} is the page before once more, which had ${count} records and not ${this.#pagination.limit}: taken as all there is; if there is more, check the names of the parameters of pagination`,
    );
  }
}

function failure(message: string): ExecutorError {
  return new ExecutorError(message, { retryable: false });
}

function refusal(answer: OutboundResponse, shownUrl: string, excerpt: string): ExecutorError {
  const { status } = answer;
  const to = status >= 300 && status < 400 ? `, to ${String(answer.headers.location).slice(0, 200)}` : '';
  const mend = status === 401 || status === 403 ? '; check auth' : '';
  return failure(`${shownUrl}: the server answered ${statusText(answer)}${to}${mend}: ${excerpt || '(nothing)'}`);
}

/** Where totals stand in most APIs that tell one. */
const TOTAL_PLACES = [
  '/total',
  '/total_count',
  '/totalCount',
  '/meta/total',
  '/meta/total_count',
  '/pagination/total',
  '/totalElements',
].map(parsePointer);

function totalOf(
  path: string | undefined,
  { headers }: OutboundResponse,
  document: Value | undefined,
): number | undefined {
  const told = [
    path === undefined ? undefined : valueAt(document, parsePointer(path)),
    headers['x-total-count'],
    ...(path === undefined ? TOTAL_PLACES.map((place) => valueAt(document, place)) : []),
  ];
  for (const value of told) {
    const isCount = typeof value === 'number' || (typeof value === 'string' && /^\d{1,15}$/.test(value));
    if (isCount && Number.isSafeInteger(Number(value)) && Number(value) >= 0) return Number(value);
  }
  return undefined;
}
