import type { Schema } from '../../../ui/schema-form/schema.ts';

/** How an uploaded file is read, and what becomes of it: what most people need of `UploadOptions` of the API. */
export const UPLOAD_OPTIONS: Schema = {
  title: 'UploadOptions',
  properties: {
    source: { type: 'string', description: 'Named after the file unless told.' },
    mode: { enum: ['append', 'overwrite', 'upsert'], default: 'append' },
    key_columns: {
      type: 'array',
      items: { type: 'string' },
      description: 'What makes a row the same row; needed to upsert.',
    },
    format: {
      enum: ['csv', 'json', 'ndjson', 'parquet', 'excel'],
      description: "From the file's name unless told.",
    },
    encoding: { type: 'string', default: 'utf-8', description: 'Such as utf-8, gbk, gb18030, utf-16le, windows-1252.' },
    delimiter: { type: 'string', description: 'Of a csv; found out unless told.' },
    header: { type: 'boolean', default: true },
    sheet: { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 1 }] },
    record_path: { type: 'string', description: 'JSON Pointer (RFC 6901).' },
    infer_types: { type: 'boolean', default: true },
  },
};

export const UPLOAD_PROMINENT: ReadonlySet<string> = new Set([
  'UploadOptions.source',
  'UploadOptions.mode',
  'UploadOptions.key_columns',
]);
