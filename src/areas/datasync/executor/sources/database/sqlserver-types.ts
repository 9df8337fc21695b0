import type { Value } from '../../pipeline/contracts.ts';
import { instantOf, wholeNumber } from './literals.ts';
import type { SourceColumn } from './reader.ts';

type Column = Omit<SourceColumn, 'name' | 'nullable' | 'compared'>;

const asIs = (raw: unknown) => raw as Value;
/** Style 121 is ODBC's: `2024-01-02 03:04:05.6789012`, whatever the language of the login. */
const asText = (quoted: string) => `CONVERT(nvarchar(50), ${quoted}, 121)`;
const time = (raw: unknown) => instantOf(String(raw)) ?? null;

const TEXT: Column = { type: 'text', convert: asIs };
const INTEGER: Column = { type: 'integer', convert: asIs };
// The driver would make floating-point numbers of them.
const DECIMAL: Column = { type: 'decimal', convert: asIs, selected: (quoted) => `CONVERT(nvarchar(50), ${quoted})` };
const MONEY: Column = { type: 'decimal', convert: asIs, selected: (quoted) => `CONVERT(nvarchar(50), ${quoted}, 2)` };
const TIME: Column = { type: 'timestamp', convert: time, selected: asText };
const BYTES: Column = { type: 'binary', convert: asIs };
const FLOAT: Column = { type: 'number', convert: asIs };
const UNORDERED = 'its type has no order';
const LONG_TEXT: Column = { ...TEXT, unordered: UNORDERED };
const SHAPE: Column = { ...LONG_TEXT, selected: (quoted) => `${quoted}.ToString()` };

const TYPES: Readonly<Record<string, Column>> = {
  bit: { type: 'boolean', convert: asIs },
  tinyint: INTEGER,
  smallint: INTEGER,
  int: INTEGER,
  bigint: { type: 'integer', convert: (raw) => wholeNumber(String(raw)) },
  decimal: DECIMAL,
  numeric: DECIMAL,
  money: MONEY,
  smallmoney: MONEY,
  float: FLOAT,
  real: { ...FLOAT, unordered: 'a real is not compared as it is written' },
  date: { type: 'date', convert: asIs, selected: asText },
  time: { ...TEXT, selected: asText },
  datetime: TIME,
  smalldatetime: TIME,
  datetime2: TIME,
  datetimeoffset: { ...TIME, selected: (quoted) => asText(`CAST(SWITCHOFFSET(${quoted}, 0) AS datetime2(7))`) },
  binary: BYTES,
  varbinary: BYTES,
  image: { ...BYTES, unordered: UNORDERED },
  timestamp: BYTES,
  rowversion: BYTES,
  text: LONG_TEXT,
  ntext: LONG_TEXT,
  xml: LONG_TEXT,
  sql_variant: { ...TEXT, selected: (quoted) => `CONVERT(nvarchar(4000), ${quoted})` },
  geometry: SHAPE,
  geography: SHAPE,
  hierarchyid: { ...TEXT, selected: (quoted) => `${quoted}.ToString()` },
};

/**
 * What a column of SQL Server becomes.
 * @param declared as the server writes its type, such as `decimal(18,2)`
 */
export function sqlServerColumn(name: string, declared: string, nullable: boolean): SourceColumn {
  const type = declared.replace(/\(.*$/, '').toLowerCase();
  // Compared as its own type: as a text it would be converted the other way round, past every index.
  const own = type === 'timestamp' || type === 'rowversion' ? 'binary(8)' : declared;
  const compared = (placeholder: string) => `CONVERT(${own}, ${placeholder}${TYPES[type]?.selected ? ', 121' : ''})`;
  const plain = type === 'hierarchyid' ? (placeholder: string) => `CAST(${placeholder} AS hierarchyid)` : compared;
  return { name, nullable, ...(TYPES[type] ?? TEXT), compared: plain };
}
