import { type Static, type TSchema, Type } from 'typebox';
import { MOST_PARTITIONS } from './partition.ts';

/**
 * What a job of the datasync area is made of: connector → transformations → destination. These schemas are the API's,
 * the console's forms' and the executor's. Secrets are write-only: what `Secret` marks is kept in the vault and resolved
 * when a run is leased.
 */

const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\p{Cc}]+$' });
const Url = Type.String({ pattern: '^https?://\\S+$', maxLength: 2000, description: 'An http or https URL.' });
/**
 * One of several objects, told apart by one field: what is wrong with one is then told of that one alone.
 * @param refusal what to say of a type that is none of them; a list of them unless told
 * @param tag the field that tells
 */
export function tagged<const V extends readonly TSchema[]>(variants: V, refusal?: string, tag = 'type') {
  return Type.Unsafe<Static<V[number]>>({
    type: 'object',
    discriminator: { propertyName: tag },
    required: [tag],
    ...(refusal === undefined ? {} : { $comment: refusal }),
    oneOf: variants,
  });
}

/** Text that is never shown again. */
export const Secret = (description: string) =>
  Type.String({ minLength: 1, maxLength: 10_000, format: 'password', writeOnly: true, description });
export const Closed = <P extends Record<string, TSchema>>(title: string, properties: P) =>
  Type.Object(properties, { additionalProperties: false, title });
const Texts = (description: string) =>
  Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 10_000 }), { description });
const Pointer = Type.String({
  maxLength: 1000,
  pattern: '^(/.*)?$',
  description: 'JSON Pointer (RFC 6901); empty is the whole answer.',
});
/** A table or column as the destination knows it; quoted, never interpreted. */
export const Identifier = Type.String({ minLength: 1, maxLength: 63, pattern: '^[^\\p{Cc}]+$' });

// ---- REST

const RestAuth = tagged([
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

// ---- databases

const DATABASE_ENGINES = ['postgresql', 'mysql', 'mariadb', 'sqlserver', 'oracle'] as const;

/** How to sign in to a database. */
const DatabaseLogin = Closed('DatabaseLogin', {
  engine: Type.Enum([...DATABASE_ENGINES]),
  host: Type.String({ minLength: 1, maxLength: 255 }),
  port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: "The engine's own unless told." })),
  database: Type.String({ minLength: 1, maxLength: 128 }),
  username: Type.String({ minLength: 1, maxLength: 128 }),
  password: Type.Optional(Secret('Of the user.')),
  ssl: Type.Optional(Type.Enum(['off', 'require', 'verify'], { default: 'off' })),
});

const DatabaseConfig = Closed('DatabaseConfig', {
  ...DatabaseLogin.properties,
  schema: Type.Optional(Identifier),
  table: Type.Optional(Identifier),
  query: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100_000, description: 'One SELECT, instead of a table.' }),
  ),
  columns: Type.Optional(Type.Array(Identifier, { minItems: 1, maxItems: 1000 })),
  key_columns: Type.Optional(
    Type.Array(Identifier, {
      minItems: 1,
      maxItems: 16,
      description: "Reading resumes behind a key; the table's primary key unless told.",
    }),
  ),
  cursor_column: Type.Optional(Identifier),
  lookback: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 31_536_000,
      description:
        'How far before the last cursor an incremental run begins, for rows that were committed late: seconds of a time, units of a number. Such rows come again, so the destination has to upsert.',
    }),
  ),
  fetch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 5000 })),
});

// ---- files

export const FILE_FORMATS = ['csv', 'json', 'ndjson', 'parquet', 'excel'] as const;

/** How a file is read. */
export const FileOptions = {
  format: Type.Optional(Type.Enum([...FILE_FORMATS], { description: "From the file's name unless told." })),
  compression: Type.Optional(Type.Enum(['auto', 'none', 'gzip', 'zstd'], { default: 'auto' })),
  encoding: Type.Optional(
    Type.String({
      maxLength: 40,
      default: 'utf-8',
      description: 'A WHATWG label such as utf-8, gbk, gb18030, utf-16le, windows-1252.',
    }),
  ),
  delimiter: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1, description: 'Of a csv; found out unless told.' }),
  ),
  quote: Type.Optional(Type.String({ minLength: 1, maxLength: 1, default: '"' })),
  header: Type.Optional(
    Type.Boolean({
      default: true,
      description: 'The first line names the columns; else they are column_1, column_2, …',
    }),
  ),
  sheet: Type.Optional(
    Type.Union([Type.String({ maxLength: 200 }), Type.Integer({ minimum: 1, maximum: 10_000 })], {
      description: 'Of an excel file, by name or number from 1; the first unless told.',
    }),
  ),
  record_path: Type.Optional(Pointer),
  null_values: Type.Optional(
    Type.Array(Type.String({ maxLength: 100 }), {
      maxItems: 50,
      description: 'Texts of a csv that mean null; the empty one unless told.',
    }),
  ),
  infer_types: Type.Optional(
    Type.Boolean({
      default: true,
      description: 'Whether csv texts that are all numbers, truth values or times become such.',
    }),
  ),
};

export const FileConfig = Closed('FileConfig', {
  file_id: Type.Optional(Type.String({ maxLength: 100, pattern: '^file_\\d+$', description: 'An uploaded file.' })),
  url: Type.Optional(Url),
  headers: Type.Optional(Texts('Of the request for the URL; values with telling names are secrets.')),
  ...FileOptions,
});

const DatasetConfig = Closed('DatasetConfig', {
  dataset_id: Type.String({ maxLength: 100, pattern: '^ds_\\d+$' }),
});

const CONNECTOR_CONFIGS = {
  rest_api: RestConfig,
  database: DatabaseConfig,
  file: FileConfig,
  dataset: DatasetConfig,
} as const;
export type ConnectorType = keyof typeof CONNECTOR_CONFIGS;
export const CONNECTOR_TYPES = Object.keys(CONNECTOR_CONFIGS) as ConnectorType[];

export const Connector = tagged(
  [
    Closed('RestConnector', { type: Type.Literal('rest_api'), config: RestConfig }),
    Closed('DatabaseConnector', { type: Type.Literal('database'), config: DatabaseConfig }),
    Closed('FileConnector', { type: Type.Literal('file'), config: FileConfig }),
    Closed('DatasetConnector', { type: Type.Literal('dataset'), config: DatasetConfig }),
  ],
  // The contract's own words.
  'Unsupported connector type',
);
export type Connector = Static<typeof Connector>;

export type RestConfig = Static<typeof RestConfig>;
export type DatabaseConfig = Static<typeof DatabaseConfig>;
export type DatabaseLogin = Static<typeof DatabaseLogin>;
export type FileConfig = Static<typeof FileConfig>;
export type DatasetConfig = Static<typeof DatasetConfig>;
// ---- destinations

export const WRITE_MODES = ['append', 'overwrite', 'upsert'] as const;
const SCHEMA_POLICIES = ['evolve', 'freeze', 'discard_value', 'discard_row', 'fail'] as const;
const CONFLICT_STRATEGIES = ['source_wins', 'target_wins', 'timestamp', 'field_merge', 'manual'] as const;

const Mode = Type.Optional(Type.Enum([...WRITE_MODES], { default: 'append' }));
const KeyColumns = Type.Optional(
  Type.Array(Identifier, {
    minItems: 1,
    maxItems: 16,
    uniqueItems: true,
    description: 'What makes a row the same row; needed to upsert.',
  }),
);

/** What tables have, whichever database they stand in. */
const tableFields = {
  mode: Mode,
  key_columns: KeyColumns,
  schema_policy: Type.Optional(
    Type.Enum([...SCHEMA_POLICIES], {
      default: 'evolve',
      description:
        'What becomes of columns and types that the table does not have. evolve: it gets them. freeze: they are left out with a warning. discard_value: values that do not fit become null. discard_row: such rows go to quarantine. fail: the run ends.',
    }),
  ),
  on_missing: Type.Optional(
    Type.Enum(['keep', 'mark', 'delete'], {
      default: 'keep',
      description:
        'After a full refresh by upsert: what becomes of rows that the source has no longer. mark sets _deleted_at.',
    }),
  ),
  missing_threshold: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.2,
      description: 'The part of all rows above which nothing is marked or deleted, and the run fails.',
    }),
  ),
};

const DatabaseDestination = Closed('DatabaseDestination', {
  type: Type.Literal('database'),
  connection: Type.Optional(DatabaseLogin),
  schema: Type.Optional(Identifier),
  table: Identifier,
  ...tableFields,
});

const FileDestination = Closed('FileDestination', {
  type: Type.Literal('file'),
  path: Type.String({ minLength: 1, maxLength: 1000, description: "Below the worker's export folder." }),
  format: Type.Optional(Type.Enum([...FILE_FORMATS], { description: 'From the path unless told.' })),
  compression: Type.Optional(Type.Enum(['none', 'gzip'], { default: 'none' })),
  mode: Type.Optional(Type.Enum(['append', 'overwrite'], { default: 'overwrite' })),
  escape_formulas: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        'Whether texts of a csv that begin with = + - @, and are no numbers, get an apostrophe before them, so that no spreadsheet runs them.',
    }),
  ),
});

const RestDestination = Closed('RestDestination', {
  type: Type.Literal('rest_api'),
  url: Url,
  method: Type.Optional(Type.Enum(['POST', 'PUT', 'PATCH'], { default: 'POST' })),
  auth: Type.Optional(RestAuth),
  headers: Type.Optional(Texts('Of every request; values with telling names are secrets.')),
  batch_size: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Records a request; 1 sends the record itself, more an array.',
    }),
  ),
  records_key: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Sends {key: [records]} instead of the bare array.' }),
  ),
  rate_limit: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10_000 })),
  timeout_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600, default: 60 })),
  max_retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 20, default: 5 })),
});

const DatasetDestination = Closed('DatasetDestination', {
  type: Type.Literal('dataset'),
  name: Name,
  category: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  ...tableFields,
});

export const DestinationSpec = tagged([DatabaseDestination, FileDestination, RestDestination, DatasetDestination]);
export type DatabaseDestination = Static<typeof DatabaseDestination>;
export type FileDestination = Static<typeof FileDestination>;
export type RestDestination = Static<typeof RestDestination>;
export type DatasetDestination = Static<typeof DatasetDestination>;
export type DestinationSpec = Static<typeof DestinationSpec>;

/** How a destination is written, told or not. */
export function modeOf(destination: DestinationSpec): (typeof WRITE_MODES)[number] {
  if (destination.type === 'rest_api') return 'append';
  return destination.mode ?? (destination.type === 'file' ? 'overwrite' : 'append');
}

// ---- the rest of a job

const ConflictPolicy = Closed('ConflictPolicy', {
  strategy: Type.Enum([...CONFLICT_STRATEGIES], { default: 'source_wins' }),
  timestamp_column: Type.Optional(Identifier),
});

/** How a job syncs; every field has a default. */
export const syncFields = {
  sync_mode: Type.Optional(Type.Enum(['full_refresh', 'incremental'], { default: 'full_refresh' })),
  conflict: Type.Optional(ConflictPolicy),
  max_errors: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'Refused records beyond which a run fails; null = any number.',
    }),
  ),
  max_error_ratio: Type.Optional(
    Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
      description: 'The same as a part of all records read, looked at from the 100th record on.',
    }),
  ),
  batch_size: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 10_000,
      description: 'Records a batch: what is committed at once, and a checkpoint.',
    }),
  ),
  partitions: Type.Optional(
    Type.Union([Type.Integer({ minimum: 2, maximum: MOST_PARTITIONS }), Type.Null()], {
      description:
        'Divides each run into so many, which any worker may take: a database by ranges of an integer key, a csv or ndjson file by blocks, a rest_api by pages. For full_refresh to a table, by append or upsert. Null: one run does it all.',
    }),
  ),
  change_events: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        'Whether rows created and updated are told of, live; at most 10,000 a run, and none while a table is first filled.',
    }),
  ),
};
