import { type Static, Type } from 'typebox';
import { Closed, Pointer, Secret, Texts, tagged, Url } from './fields.ts';

export const RestAuth = tagged([
  Closed('BearerAuth', { type: Type.Literal('bearer'), token: Secret('Sent as `Authorization: Bearer`.') }),
  Closed('BasicAuth', {
    type: Type.Literal('basic'),
    username: Type.String({ maxLength: 500 }),
    password: Secret('Of the user.'),
  }),
  Closed('ApiKeyAuth', {
    type: Type.Literal('api_key'),
    in: Type.Optional(Type.Enum(['header', 'query'], { default: 'header' })),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, default: 'X-API-Key' })),
    value: Secret('The key.'),
  }),
  Closed('OAuth2Auth', {
    type: Type.Literal('oauth2'),
    token_url: Url,
    client_id: Type.String({ minLength: 1, maxLength: 500 }),
    client_secret: Secret('Of the client.'),
    scope: Type.Optional(Type.String({ maxLength: 1000 })),
    audience: Type.Optional(Type.String({ maxLength: 1000 })),
  }),
]);

const Limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 100_000, default: 100, description: 'Records a page.' }),
);
const MaxPages = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 10_000_000,
    description: 'Ends with an error beyond it; 1,000,000 unless told.',
  }),
);
const Param = (fallback: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, default: fallback }));
const Pagination = tagged([
  Closed('OffsetPagination', {
    type: Type.Literal('offset', {
      description:
        'Offsets in records. With `page_param`, pages from 1 are counted instead, as servers that call that offset do.',
    }),
    offset_param: Param('offset'),
    page_param: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    limit_param: Param('limit'),
    limit: Limit,
    max_pages: MaxPages,
  }),
  Closed('PagePagination', {
    type: Type.Literal('page'),
    page_param: Param('page'),
    start_page: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, default: 1 })),
    limit_param: Param('limit'),
    limit: Limit,
    max_pages: MaxPages,
  }),
  Closed('CursorPagination', {
    type: Type.Literal('cursor'),
    cursor_param: Param('cursor'),
    cursor_path: Type.Optional(Pointer),
    limit_param: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    limit: Limit,
    max_pages: MaxPages,
  }),
  Closed('LinkPagination', {
    type: Type.Literal('link', { description: 'The answer\'s `Link` header with rel="next" (RFC 8288).' }),
    limit_param: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    limit: Limit,
    max_pages: MaxPages,
  }),
]);

const RestEndpoint = Closed('RestEndpoint', {
  path: Type.String({ minLength: 1, maxLength: 2000, description: 'Appended to base_url.' }),
  method: Type.Optional(Type.Enum(['GET', 'POST'], { default: 'GET' })),
  params: Type.Optional(Texts('Query parameters.')),
  headers: Type.Optional(Texts('Of this endpoint alone.')),
  body: Type.Optional(Type.Record(Type.String(), Type.Any(), { description: 'JSON body of a POST.' })),
  record_path: Type.Optional(Pointer),
  pagination: Type.Optional(Pagination),
  cursor_field: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Of a record; the highest one seen is where the next incremental run begins.',
    }),
  ),
  cursor_param: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Parameter that asks the server for records from the cursor on; without it they are filtered here.',
    }),
  ),
  total_path: Type.Optional(Pointer),
});

export const RestConfig = Closed('RestConfig', {
  base_url: Url,
  auth: Type.Optional(RestAuth),
  headers: Type.Optional(Texts('Of every request; values with telling names are secrets.')),
  endpoints: Type.Array(RestEndpoint, { minItems: 1, maxItems: 20, description: 'Read one after the other.' }),
  rate_limit: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, maximum: 10_000, description: 'Requests a second, at most.' }),
  ),
  timeout_seconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3600, default: 60, description: 'Of one request.' }),
  ),
  max_retries: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 20,
      default: 5,
      description: 'Of one request, on 408, 425, 429, 5xx and lost connections; Retry-After is honoured.',
    }),
  ),
});
export type RestConfig = Static<typeof RestConfig>;
