import type { Metadata } from 'oracledb';
import type { Value } from '../../pipeline/contracts.ts';
import { instantOf, wholeNumber } from './literals.ts';
import type { SourceColumn } from './reader.ts';

type Column = Omit<SourceColumn, 'name' | 'nullable'>;

const asIs = (raw: unknown) => raw as Value;
const text = (raw: unknown) => String(raw);
const time = (raw: unknown) => instantOf(String(raw).trim()) ?? null;
const UNORDERED = 'its type has no order';

/** Oracle's DATE has a time of day. */
const DATE = "'SYYYY-MM-DD HH24:MI:SS'";
const TIMESTAMP = "'SYYYY-MM-DD HH24:MI:SS.FF9'";
const TEXT: Column = { type: 'text', convert: text };
const BYTES: Column = { type: 'binary', convert: asIs };
const LONG_TEXT: Column = { ...TEXT, unordered: UNORDERED };
/** Times with a zone are written, and compared, in UTC. */
const ZONED: Column = {
  type: 'timestamp',
  convert: time,
  selected: (quoted) => `TO_CHAR(SYS_EXTRACT_UTC(${quoted}), ${TIMESTAMP})`,
  compared: (placeholder) => `FROM_TZ(TO_TIMESTAMP(${placeholder}, ${TIMESTAMP}), 'UTC')`,
};
const INTERVAL: Column = { ...TEXT, selected: (quoted) => `TO_CHAR(${quoted})`, unordered: UNORDERED };

const TYPES: Readonly<Record<string, Column>> = {
  DB_TYPE_BOOLEAN: { type: 'boolean', convert: asIs, unordered: UNORDERED },
  DB_TYPE_BINARY_INTEGER: { type: 'integer', convert: asIs },
  DB_TYPE_BINARY_DOUBLE: { type: 'number', convert: asIs },
  DB_TYPE_BINARY_FLOAT: { type: 'number', convert: asIs, unordered: 'a BINARY_FLOAT is not compared as it is written' },
  DB_TYPE_DATE: {
    type: 'timestamp',
    convert: time,
    selected: (quoted) => `TO_CHAR(${quoted}, ${DATE})`,
    compared: (placeholder) => `TO_DATE(${placeholder}, ${DATE})`,
  },
  DB_TYPE_TIMESTAMP: {
    type: 'timestamp',
    convert: time,
    selected: (quoted) => `TO_CHAR(${quoted}, ${TIMESTAMP})`,
    compared: (placeholder) => `TO_TIMESTAMP(${placeholder}, ${TIMESTAMP})`,
  },
  DB_TYPE_TIMESTAMP_TZ: ZONED,
  DB_TYPE_TIMESTAMP_LTZ: ZONED,
  DB_TYPE_INTERVAL_DS: INTERVAL,
  DB_TYPE_INTERVAL_YM: INTERVAL,
  DB_TYPE_RAW: { ...BYTES },
  DB_TYPE_LONG_RAW: { ...BYTES, unordered: UNORDERED },
  DB_TYPE_BLOB: { ...BYTES, unordered: UNORDERED },
  DB_TYPE_CLOB: LONG_TEXT,
  DB_TYPE_NCLOB: LONG_TEXT,
  DB_TYPE_LONG: LONG_TEXT,
  DB_TYPE_XMLTYPE: LONG_TEXT,
  DB_TYPE_JSON: { type: 'json', convert: asIs, unordered: UNORDERED },
  DB_TYPE_VECTOR: { type: 'json', convert: (raw) => [...(raw as Iterable<number>)], unordered: UNORDERED },
};

/** What a column of Oracle becomes; numbers come as texts, as the reader has the driver fetch them. */
export function oracleColumn(metadata: Metadata): SourceColumn {
  const { name, nullable } = metadata;
  return { name, nullable, ...(metadata.dbTypeName === 'NUMBER' ? number(metadata) : byType(metadata)) };
}

function byType({ dbType }: Metadata): Column {
  return TYPES[dbType.name] ?? TEXT;
}

function number({ precision = 0, scale = 0 }: Metadata): Column {
  const compared = (placeholder: string) => `TO_NUMBER(${placeholder})`;
  // Without a precision it is any number, whatever its scale says.
  if (precision > 0 && scale === 0) return { type: 'integer', convert: (raw) => wholeNumber(text(raw)), compared };
  return { type: 'decimal', convert: text, compared };
}
