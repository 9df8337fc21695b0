import type { ColumnType } from '../../pipeline/contracts.ts';
import { utcTime, type ValueDialect } from '../database-encoding.ts';
import { INT64, type TableColumn } from '../schema-column.ts';

const NATIVE: Readonly<Record<ColumnType, string>> = {
  boolean: 'tinyint(1)',
  integer: 'bigint',
  number: 'double',
  decimal: 'decimal(38,9)',
  text: 'longtext',
  date: 'date',
  timestamp: 'datetime(6)',
  json: 'json',
  binary: 'longblob',
};

/** All that a decimal can have; it shows all those digits, so not every decimal begins with them. */
const WIDEST_DECIMAL = 'decimal(65,30)';
const YEARS = [1, 9999] as const;
const TINY = [-128n, 127n] as const;
/** What an index takes of a row, in bytes; and what no key needs. */
const INDEX_BYTES = 3072;
const LONGEST_KEY = 512;

/** A column as it is made for values of a type. @param keys how many columns the key has, if this is one of them */
export function newColumn(
  name: string,
  type: ColumnType,
  options: { readonly keys: number; readonly wide: boolean; readonly collation: string },
): TableColumn {
  const { keys, wide, collation } = options;
  const plain = { name, type, native: NATIVE[type], opaque: false, required: false, generated: false };
  const inCharset = `CHARACTER SET utf8mb4 COLLATE ${collation}`;
  switch (type) {
    case 'boolean':
      return { ...plain, range: TINY };
    case 'integer':
      return { ...plain, range: INT64 };
    case 'number':
      return { ...plain, finite: true };
    case 'decimal':
      return wide ? { ...plain, native: WIDEST_DECIMAL, digits: [35, 30] } : { ...plain, digits: [29, 9] };
    case 'date':
    case 'timestamp':
      return { ...plain, years: YEARS };
    case 'text':
    case 'json':
    case 'binary': {
      if (keys === 0) return type === 'text' ? { ...plain, native: `${plain.native} ${inCharset}` } : plain;
      // What is indexed has a length.
      const length = Math.min(LONGEST_KEY, Math.floor(INDEX_BYTES / 4 / keys));
      return { ...plain, type: 'text', native: `varchar(${length}) ${inCharset}`, length };
    }
  }
}

/** What the catalogue says of a column. */
export interface CatalogColumn {
  readonly name: string;
  /** `varchar`, `int`. */
  readonly type: string;
  /** `varchar(20)`, `int(10) unsigned`. */
  readonly native: string;
  readonly nullable: 'YES' | 'NO';
  readonly has_default: number;
  readonly extra: string;
  /** Characters; of the text types bytes. */
  readonly length: number | string | null;
  readonly number_precision: number | null;
  readonly number_scale: number | null;
  readonly charset: string | null;
  readonly collation: string | null;
}

const TYPES: Readonly<Record<string, ColumnType>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  float: 'number',
  double: 'number',
  decimal: 'decimal',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  date: 'date',
  datetime: 'timestamp',
  timestamp: 'timestamp',
  json: 'json',
  binary: 'binary',
  varbinary: 'binary',
  tinyblob: 'binary',
  blob: 'binary',
  mediumblob: 'binary',
  longblob: 'binary',
};

const INTEGER_BITS: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
};
/** The greatest float, rounded down. */
const FLOAT = 34n * 10n ** 37n;

/** @param json whether the server checks that it is JSON, where JSON is no type of its own */
export function standingColumn(found: CatalogColumn, json: boolean): TableColumn {
  const { name, native } = found;
  const type = typeOfColumn(found, json);
  const inCharset =
    found.charset && type !== 'json' ? ` CHARACTER SET ${found.charset} COLLATE ${found.collation}` : '';
  return {
    name,
    type: type ?? 'text',
    native: `${native}${inCharset}`,
    opaque: type === undefined,
    required: found.nullable === 'NO' && found.has_default === 0,
    generated: /GENERATED/i.test(found.extra) && !/DEFAULT_GENERATED/i.test(found.extra),
    ...limitsOf(found, type),
  };
}

function typeOfColumn({ type, native }: CatalogColumn, json: boolean): ColumnType | undefined {
  if (json) return 'json';
  return native.startsWith('tinyint(1)') ? 'boolean' : TYPES[type];
}

function limitsOf(found: CatalogColumn, type: ColumnType | undefined): Partial<TableColumn> {
  const { native } = found;
  const unsigned = native.includes('unsigned');
  switch (type) {
    case 'boolean':
    case 'integer': {
      const bits = INTEGER_BITS[found.type] ?? 64n;
      const range = unsigned
        ? ([0n, 2n ** bits - 1n] as const)
        : ([-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] as const);
      return { range };
    }
    case 'number':
      return { finite: true, ...(found.type === 'float' ? { range: [-FLOAT, FLOAT] as const } : {}) };
    case 'decimal': {
      const before = (found.number_precision ?? 65) - (found.number_scale ?? 0);
      // Our own are widened rather than to round; in a user's, the user has said to how many digits.
      const ours = native === NATIVE.decimal || native === WIDEST_DECIMAL;
      return { digits: ours ? [before, found.number_scale ?? 0] : [before] };
    }
    case 'text': {
      const length = Number(found.length ?? 0);
      // What a longtext holds is more than any text here.
      return found.type === 'longtext' || length === 0 ? {} : { length };
    }
    case 'date':
    case 'timestamp':
      return { years: found.type === 'timestamp' ? [1971, 2037] : YEARS };
    default:
      return {};
  }
}

/** How LOAD DATA reads values. */
export const MYSQL_DIALECT: ValueDialect = {
  yes: '1',
  no: '0',
  nul: '\\0',
  time: (value) => (typeof value === 'string' ? withoutZone(value) : utcTime(value)),
  bytes: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex'),
  takesText: ({ type }) => type !== 'json' && type !== 'binary' && type !== 'timestamp' && type !== 'boolean',
};

/** A column of times has no zone: they are kept in UTC. */
function withoutZone(text: string): string {
  if (/[+-]\d\d:?\d\d$/.test(text) && text.length > 10) return utcTime(new Date(text.replace(' ', 'T')));
  return text.replace('T', ' ').replace('Z', '');
}
