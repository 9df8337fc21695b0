import type { FILE_FORMATS } from '../spec/files.ts';

export type FileFormat = (typeof FILE_FORMATS)[number];

const EXTENSIONS: Readonly<Record<string, FileFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  tab: 'csv',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
  xlsx: 'excel',
};

/** @param name of a file, such as `a/b.csv.gz`; @returns undefined where its extension says nothing */
export function formatOfName(name: string): FileFormat | undefined {
  const extension = /\.([a-z0-9]+)(?:\.(?:gz|zst))?$/i.exec(name)?.[1];
  return extension === undefined ? undefined : EXTENSIONS[extension.toLowerCase()];
}

const MEDIA_TYPES: Readonly<Record<string, FileFormat>> = {
  'text/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/vnd.apache.parquet': 'parquet',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'excel',
};

/** @param contentType as a server sends it */
export function formatOfMediaType(contentType: string): FileFormat | undefined {
  return MEDIA_TYPES[contentType.split(';')[0]?.trim().toLowerCase() ?? ''];
}

const MAGIC: readonly { readonly is: FileFormat | undefined; readonly named: string; readonly bytes: Buffer }[] = [
  { is: 'parquet', named: 'parquet', bytes: Buffer.from('PAR1') },
  { is: 'excel', named: 'a zip or xlsx', bytes: Buffer.from('PK\x03\x04') },
  { is: undefined, named: 'an old xls, which is to be saved as xlsx', bytes: Buffer.from('d0cf11e0a1b11ae1', 'hex') },
  { is: undefined, named: 'a pdf', bytes: Buffer.from('%PDF-') },
];

/** A sign-in or an error page in the place of a file: its lines would be taken for records. */
const PAGE = /^(?:\ufeff)?\s*<(?:!doctype\s+html|html)[\s>]/i;

/** Bytes of a file's beginning by which `unlikeFormat` judges. */
export const TELLING_BYTES = 64;

/** What a file begins like that is said to be of another format; undefined where nothing speaks against it. */
export function unlikeFormat(format: FileFormat, beginning: Buffer): string | undefined {
  if (PAGE.test(beginning.toString('utf8'))) return 'an HTML page';
  const found = MAGIC.find(({ bytes }) => beginning.subarray(0, bytes.length).equals(bytes));
  return found === undefined || found.is === format ? undefined : found.named;
}
