import type { Json } from '../../../../protocol/executor.ts';
import { isValueMap, parsePointer } from '../json-pointer.ts';
import type { ValueMap } from '../pipeline/contracts.ts';
import type { RestRequest } from '../rest/client.ts';
import type { PageToken, Pagination, RestEndpoint } from './rest-api-pagination.ts';

/** A page larger than this is an error: all of it must be in memory to be understood. */
const PAGE_BYTES = 50 * 1024 * 1024;

/**
 * The request for one page. Parameters of paging and of the cursor go into the query of a GET, and into the body of a
 * POST: there a name may also be a JSON Pointer, such as `/variables/after`.
 * @param since the incremental cursor
 */
export function pageRequest(
  baseUrl: string,
  endpoint: RestEndpoint,
  pagination: Pagination,
  token: PageToken,
  since: Json | undefined,
): RestRequest {
  const { method = 'GET', headers, body } = endpoint;
  const isLink = endpoint.pagination?.type === 'link' && token !== null;
  const url = isLink ? new URL(String(token)) : endpointUrl(baseUrl, endpoint);
  const parameters: [string, string | number][] = isLink ? [] : pagination.parameters(token);
  if (!isLink && endpoint.cursor_param !== undefined && (typeof since === 'string' || typeof since === 'number')) {
    parameters.push([endpoint.cursor_param, since]);
  }
  if (method === 'GET') {
    for (const [name, value] of parameters) url.searchParams.set(name, String(value));
    return { url, method, headers, maxBodyBytes: PAGE_BYTES };
  }
  let content = (body ?? {}) as ValueMap;
  for (const [name, value] of parameters) content = withMember(content, namesOf(name), value);
  return { url, method, headers, body: JSON.stringify(content), maxBodyBytes: PAGE_BYTES };
}

/** `base_url` and `path`, one slash between them, with what both have as a query. */
function endpointUrl(baseUrl: string, { path, params }: Pick<RestEndpoint, 'path' | 'params'>): URL {
  const base = new URL(baseUrl);
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`);
  for (const [name, value] of base.searchParams) if (!url.searchParams.has(name)) url.searchParams.append(name, value);
  for (const [name, value] of Object.entries(params ?? {})) url.searchParams.set(name, value);
  return url;
}

function namesOf(name: string): string[] {
  return name.startsWith('/') ? parsePointer(name) : [name];
}

/** A copy of `map` with `value` at these names. */
function withMember(map: ValueMap, names: readonly string[], value: string | number): ValueMap {
  const [name = '', ...rest] = names;
  const inner = Object.hasOwn(map, name) ? map[name] : undefined;
  return { ...map, [name]: rest.length === 0 ? value : withMember(isValueMap(inner) ? inner : {}, rest, value) };
}
