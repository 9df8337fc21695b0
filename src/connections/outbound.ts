/**
 * The one way out over HTTP. What a task, a connector or a webhook dials was written by a user, and the worker stands
 * where the user does not: so link-local and metadata addresses are never dialled, private ones by setting.
 *
 * The address is judged where the connection is made, not before: the connector resolves the name itself, refuses if
 * any of its addresses is objectionable, and dials exactly what it has judged. A name that resolves differently a
 * moment later (rebinding) gains nothing, and each redirect passes the same door. Literals in disguise (decimal, octal,
 * hexadecimal) are made plain by URL; IPv4 within IPv6 is unwrapped in addresses.ts.
 *
 * Proxy variables of the environment are not honoured: a proxy would resolve names out of sight.
 */
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { isSecretName } from '../protocol/secret-names.ts';
import { type Objection, objectionToAddress, objectionToName } from './addresses.ts';

/** An address that is not dialled; trying again changes nothing. */
export class OutboundRefused extends Error {
  readonly host: string;
  /** What the host is, or resolves to; undefined when it is the host's name, or the URL, that is refused. */
  readonly address: string | undefined;
  constructor(host: string, address: string | undefined, reason: string) {
    const resolved = address === undefined || address === host ? host : `${host}, which is ${address}`;
    super(`not allowed to connect to ${resolved}: ${reason}`);
    this.name = 'OutboundRefused';
    this.host = host;
    this.address = address;
  }
}

export interface OutboundOptions {
  /** Whether loopback and private ranges may be dialled. */
  readonly allowPrivate: boolean;
  /** Resolves names; the system's resolver unless told. */
  readonly lookup?: LookupFunction;
}

export interface OutboundRequest {
  /** Default GET. */
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Default true: at most 10, each vetted; credentials do not go along to another origin. */
  readonly followRedirects?: boolean;
  /** Names of headers that do not go along to another origin either, though their names tell nothing. */
  readonly homeHeaders?: readonly string[];
  /** Most bytes of body that are kept, after decompression; default 10 MiB. What follows is not read. */
  readonly maxBodyBytes?: number;
  /** Milliseconds until the headers must be there, default 300,000; longest silence within the body, the same. */
  readonly timeoutMs?: number;
}

export interface OutboundResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The body was longer than `maxBodyBytes`. */
  readonly truncated: boolean;
  /** Where the answer came from, after redirects. */
  readonly url: string;
}

export interface OutboundStreamRequest extends Omit<OutboundRequest, 'maxBodyBytes'> {
  /** Most bytes of body, after decompression: beyond them it fails with OutboundTooLarge; no limit unless told. */
  readonly maxBodyBytes?: number;
}

/** An answer whose body is still to come. */
export interface OutboundStream extends Omit<OutboundResponse, 'body' | 'truncated'> {
  /** Decompressed; whoever does not read it to its end destroys it, which closes the connection. */
  readonly body: Readable;
}

/** A body that was longer than its reader wanted. */
class OutboundTooLarge extends Error {
  constructor(url: string, maxBodyBytes: number) {
    super(`the answer of ${new URL(url).host} is longer than ${maxBodyBytes} bytes`);
    this.name = 'OutboundTooLarge';
  }
}

export interface Outbound {
  /** @throws OutboundRefused; else the network's error, with a `code`; the signal's reason after an abort */
  request(url: string, options?: OutboundRequest): Promise<OutboundResponse>;
  /**
   * The same, of an answer that is read as it comes; the signal and the timeout hold for the body too.
   * @throws as `request` does
   */
  stream(url: string, options?: OutboundStreamRequest): Promise<OutboundStream>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;

export function createOutbound(options: OutboundOptions): Outbound {
  const agent = new Agent({
    connect: guardedConnector(options),
    headersTimeout: DEFAULT_TIMEOUT_MS,
    bodyTimeout: DEFAULT_TIMEOUT_MS,
  });
  return {
    request: (url, request = {}) => follow(agent, url, request, (answer, hop) => readAnswer(answer, hop, request)),
    stream: (url, request = {}) => follow(agent, url, request, (answer, hop) => streamAnswer(answer, hop, request)),
    close: () => agent.close(),
  };
}

/** What stands between a name and a socket, for HTTP and for databases alike. */
export interface Guard {
  /** Why a host, as written, is not dialled; names are judged again by what they resolve to. */
  objection(host: string): OutboundRefused | undefined;
  /** Resolves names to addresses that all may be dialled; fails with OutboundRefused. Literals do not come here. */
  readonly lookup: LookupFunction;
}

export function createGuard({ allowPrivate, lookup = systemLookup }: OutboundOptions): Guard {
  const refused = (objection: Objection | undefined) => {
    if (objection?.scope === 'never') return objection.reason;
    return objection && !allowPrivate ? `${objection.reason} (LONGSHORE_ALLOW_PRIVATE_ADDRESSES is false)` : undefined;
  };

  const guardedLookup: LookupFunction = (host, wanted: LookupOptions, callback) => {
    lookup(host, { ...wanted, all: true }, (error, found) => {
      if (error) return callback(error, '', 0);
      const addresses: LookupAddress[] = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
      for (const { address } of addresses) {
        const reason = refused(objectionToAddress(address));
        if (reason) return callback(new OutboundRefused(host, address, reason), '', 0);
      }
      const [first] = addresses;
      if (!first) return callback(Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' }), '', 0);
      if (wanted.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  const objection = (host: string) => {
    const literal = isIP(host) !== 0;
    const reason = refused(literal ? objectionToAddress(host) : objectionToName(host));
    return reason ? new OutboundRefused(host, literal ? host : undefined, reason) : undefined;
  };
  return { objection, lookup: guardedLookup };
}

function guardedConnector(options: OutboundOptions): buildConnector.connector {
  const guard = createGuard(options);
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guard.lookup });
  return (target, callback) => {
    // A literal is not looked up, so it is judged here.
    const objection = guard.objection(target.hostname.replace(/^\[|\]$/g, ''));
    if (objection) return callback(objection, null);
    connect(target, callback);
  };
}

interface Hop {
  readonly url: URL;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

async function follow<T>(
  agent: Agent,
  url: string,
  request: OutboundRequest,
  take: (answer: Dispatcher.ResponseData, hop: Hop) => T | Promise<T>,
): Promise<T> {
  let hop = firstHop(url, request);
  for (let redirects = 0; ; redirects++) {
    const answer = await send(agent, hop, request);
    const location = answer.headers.location;
    const next =
      request.followRedirects === false || typeof location !== 'string'
        ? undefined
        : nextHop(hop, answer.statusCode, location, request.homeHeaders);
    if (!next) return await take(answer, hop);
    // Its body is nobody's; a long one is not worth reading to keep the connection.
    await answer.body.dump({ limit: 64 * 1024 }).catch(() => {});
    if (redirects === MAX_REDIRECTS)
      throw new Error(`more than ${MAX_REDIRECTS} redirects, the last to ${next.url.host}`);
    hop = next;
  }
}

function firstHop(url: string, { method = 'GET', headers = {}, body }: OutboundRequest): Hop {
  const target = parseHttpUrl(url);
  const own = { ...headers };
  if (target.username !== '' || target.password !== '') {
    const credentials = `${decoded(target.username)}:${decoded(target.password)}`;
    if (!hasHeader(own, 'authorization')) own.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    target.username = '';
    target.password = '';
  }
  if (!hasHeader(own, 'accept-encoding')) own['accept-encoding'] = 'gzip, deflate, br';
  if (!hasHeader(own, 'user-agent')) own['user-agent'] = 'longshore';
  return { url: target, method, headers: own, body };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A lone per cent sign, meant as itself.
    return part;
  }
}

function parseHttpUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new OutboundRefused(text, undefined, 'it is not a URL');
  const url = new URL(text, base);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new OutboundRefused(url.href, undefined, 'only http and https are');
}

/** Where a redirect leads, and with what; undefined when the status is none. */
function nextHop(hop: Hop, status: number, location: string, homeHeaders: readonly string[] = []): Hop | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined;
  const url = parseHttpUrl(location, hop.url);
  url.username = '';
  url.password = '';
  const becomesGet = (status === 303 && hop.method !== 'HEAD') || (status <= 302 && hop.method === 'POST');
  const staysHome = new Set(homeHeaders.map((name) => name.toLowerCase()));
  const kept = Object.entries(hop.headers).filter(([name]) => {
    if (/^host$/i.test(name)) return false;
    if (becomesGet && /^content-/i.test(name)) return false;
    return url.origin === hop.url.origin || !(isSecretName(name) || staysHome.has(name.toLowerCase()));
  });
  return {
    url,
    method: becomesGet ? 'GET' : hop.method,
    headers: Object.fromEntries(kept),
    body: becomesGet ? undefined : hop.body,
  };
}

function hasHeader(headers: Readonly<Record<string, string>>, name: string): boolean {
  return Object.keys(headers).some((key) => key.toLowerCase() === name);
}

async function send(agent: Agent, hop: Hop, { signal, timeoutMs }: OutboundRequest): Promise<Dispatcher.ResponseData> {
  return await agent.request({
    origin: hop.url.origin,
    path: hop.url.pathname + hop.url.search,
    method: hop.method,
    headers: hop.headers,
    body: hop.body ?? null,
    ...(signal ? { signal } : {}),
    ...(timeoutMs === undefined ? {} : { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }),
  });
}

function decodedBody(answer: Dispatcher.ResponseData, hop: Hop): Readable {
  const hasBody = hop.method !== 'HEAD' && answer.statusCode !== 204 && answer.statusCode !== 304;
  return hasBody ? decode(answer.body, answer.headers['content-encoding']) : answer.body;
}

function streamAnswer(
  answer: Dispatcher.ResponseData,
  hop: Hop,
  { maxBodyBytes }: OutboundStreamRequest,
): OutboundStream {
  const decoded = decodedBody(answer, hop);
  const body = maxBodyBytes === undefined ? decoded : pipeline(decoded, capped(hop.url.href, maxBodyBytes), () => {});
  return { status: answer.statusCode, headers: answer.headers, body, url: hop.url.href };
}

function capped(url: string, maxBodyBytes: number): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > maxBodyBytes) done(new OutboundTooLarge(url, maxBodyBytes));
      else done(null, chunk);
    },
  });
}

async function readAnswer(
  answer: Dispatcher.ResponseData,
  hop: Hop,
  { maxBodyBytes = DEFAULT_MAX_BODY_BYTES }: OutboundRequest,
): Promise<OutboundResponse> {
  const decoded = decodedBody(answer, hop);
  const kept: Buffer[] = [];
  let size = 0;
  // Leaving the loop early destroys the stream, and with it the connection: the rest is never received.
  for await (const chunk of decoded as AsyncIterable<Buffer>) {
    kept.push(chunk);
    size += chunk.length;
    if (size > maxBodyBytes) break;
  }
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: Buffer.concat(kept).subarray(0, maxBodyBytes),
    truncated: size > maxBodyBytes,
    url: hop.url.href,
  };
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Each takes memory of its own and multiplies what follows; honest servers use one. */
const MOST_ENCODINGS = 5;

/**
 * Undoes the encodings, the last applied first; an unknown one is left as it is.
 * @throws Error for more of them than anybody means well with
 */
function decode(body: Readable, encoding: string | string[] | undefined): Readable {
  const names = [encoding ?? []].flat().join(',').toLowerCase().split(',');
  if (names.length > MOST_ENCODINGS) {
    // It ends with an error of its own, which says nothing new.
    body.once('error', () => {}).destroy();
    throw new Error(`the answer has ${names.length} encodings over each other; at most ${MOST_ENCODINGS} are undone`);
  }
  let decoded = body;
  for (const name of names.map((each) => each.trim()).reverse()) {
    const decoder = DECODERS[name];
    if (decoder) decoded = pipeline(decoded, decoder(), () => {});
  }
  return decoded;
}
