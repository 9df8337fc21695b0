import { type Static, Type } from 'typebox';
import { DatabaseLogin } from './databases.ts';
import { Closed, Identifier, Name, Texts, tagged, Url } from './fields.ts';
import { FILE_FORMATS } from './files.ts';
import { RestAuth } from './rest.ts';

export const WRITE_MODES = ['append', 'overwrite', 'upsert'] as const;
const SCHEMA_POLICIES = ['evolve', 'freeze', 'discard_value', 'discard_row', 'fail'] as const;

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
