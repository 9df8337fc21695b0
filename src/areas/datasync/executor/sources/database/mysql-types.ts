import mysql, { type FieldPacket } from 'mysql2';
import { parseJson } from '../../json-text.ts';
import type { Value } from '../../pipeline/contracts.ts';
import { instantOf, wholeNumber } from './literals.ts';
import type { Note, SourceColumn } from './reader.ts';

// Node finds no names in what the package exports, only the whole.
const { Types } = mysql;

/** Flags of a column in the protocol. */
const NOT_NULL = 1;
const UNSIGNED = 32;
const ENUM = 256;
const SET = 2048;
/** The "character set" of bytes. */
const BINARY = 63;

type Column = Omit<SourceColumn, 'name' | 'nullable'>;

const asIs = (raw: unknown) => raw as Value;
const TEXT: Column = { type: 'text', convert: asIs };
const BYTES: Column = { type: 'binary', convert: asIs };

/** What a column of MySQL or MariaDB becomes, with values as the driver is set to hand them over (drivers/mysql.ts). */
export function mysqlColumn(field: FieldPacket, note: Note): SourceColumn {
  const nullable = (flagsOf(field) & NOT_NULL) === 0;
  return { name: field.name, nullable, ...columnOf(field, note) };
}

function flagsOf(field: FieldPacket): number {
  return typeof field.flags === 'number' ? field.flags : 0;
}

function columnOf(field: FieldPacket, note: Note): Column {
  // MariaDB's JSON is a text to everybody who does not ask for more.
  if (field.extendedFormat === 'json') return json();
  const { name } = field;
  switch (field.columnType) {
    case Types.TINY:
      return field.columnLength === 1 ? flag(name, note) : { type: 'integer', convert: asIs };
    case Types.SHORT:
    case Types.LONG:
    case Types.INT24:
    case Types.YEAR:
      return { type: 'integer', convert: asIs };
    case Types.LONGLONG:
      return wide(field);
    case Types.FLOAT:
      // It is written with fewer digits than it is compared with: behind 1.1 would come 1.1 again.
      return { type: 'number', convert: asIs, unordered: 'a FLOAT is not compared as it is written' };
    case Types.DOUBLE:
      return { type: 'number', convert: asIs };
    case Types.DECIMAL:
    case Types.NEWDECIMAL:
      // A text would be compared as a floating-point number.
      return {
        type: 'decimal',
        convert: asIs,
        compared: (value) => `CAST(${value} AS DECIMAL(65, ${field.decimals}))`,
      };
    case Types.DATE:
    case Types.NEWDATE:
      return { type: 'date', convert: (raw) => (hasDay(String(raw), name, note) ? String(raw) : null) };
    case Types.DATETIME:
    case Types.TIMESTAMP:
      return { type: 'timestamp', convert: (raw) => time(String(raw), name, note) };
    case Types.JSON:
      return json();
    case Types.BIT:
      return bits(field);
    case Types.GEOMETRY:
    case Types.VECTOR:
      return { type: 'json', convert: asIs, unordered: 'its type has no order' };
    default:
      return texts(field);
  }
}

function texts(field: FieldPacket): Column {
  // They are ordered by the place of their members, and compared by their names.
  if ((flagsOf(field) & (ENUM | SET)) !== 0) return { ...TEXT, ordered: (quoted) => `CAST(${quoted} AS CHAR)` };
  return field.characterSet === BINARY && field.columnType !== Types.TIME ? BYTES : TEXT;
}

function json(): Column {
  return { type: 'json', convert: (raw) => parseJson(String(raw)), unordered: 'JSON has no order' };
}

function flag(name: string, note: Note): Column {
  const convert = (raw: unknown) => {
    if (raw !== 0 && raw !== 1)
      note(`column ${name}: TINYINT(1) is read as a truth value, others than 0 and 1 as true`);
    return raw !== 0;
  };
  return { type: 'boolean', convert };
}

function wide(field: FieldPacket): Column {
  const type = (flagsOf(field) & UNSIGNED) === 0 ? 'SIGNED' : 'UNSIGNED';
  return {
    type: 'integer',
    convert: (raw) => (typeof raw === 'string' ? wholeNumber(raw) : asIs(raw)),
    // Beyond 2^53 it comes as a text, which would be compared as a floating-point number.
    compared: (value) => `CAST(${value} AS ${type})`,
  };
}

function bits(field: FieldPacket): Column {
  const numberOf = (raw: unknown) => wholeNumber(BigInt(`0x${(raw as Buffer).toString('hex')}`).toString());
  const unordered = 'a BIT is not compared as it is written';
  if (field.columnLength === 1) return { type: 'boolean', convert: (raw) => numberOf(raw) !== 0, unordered };
  return { type: 'integer', convert: numberOf, unordered };
}

/** Dates without a day, a month or a year are MySQL's own. */
function hasDay(text: string, name: string, note: Note): boolean {
  if (!text.startsWith('0000') && text.slice(5, 7) !== '00' && text.slice(8, 10) !== '00') return true;
  note(`column ${name}: dates with zeros such as 0000-00-00 are read as null`);
  return false;
}

function time(text: string, name: string, note: Note): Date | null {
  return hasDay(text, name, note) ? (instantOf(text) ?? null) : null;
}
