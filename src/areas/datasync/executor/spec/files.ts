import { type Static, Type } from 'typebox';
import { Closed, Pointer, Texts, Url } from './fields.ts';

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
export type FileConfig = Static<typeof FileConfig>;
