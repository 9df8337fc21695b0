import { type CellValue, readSheet } from 'read-excel-file/node';
import type { Column, ColumnType, Value } from '../pipeline/contracts.ts';
import { uniqueNames } from './column-names.ts';
import { type ParsedFile, type ParseJob, ROWS_PER_MESSAGE } from './confined-protocol.ts';
import { checkZip } from './zip-check.ts';

/** A cell's address beyond the last row (1,048,576) or column (XFD), so far that what is between would fill memory. */
const FAR_CELL = /\sr="(?:[A-Za-z]{4,}\d*|[A-Za-z]{0,3}\d{8,})"/;
const DAY_MS = 86_400_000;

type Cell = CellValue | null;

/**
 * Reads one sheet of an xlsx file: the first row that is not empty names the columns, unless there is no header; other
 * empty rows are passed over. Days without a time become texts such as 2024-01-31.
 * @throws Error for what is none
 */
export async function parseExcel({ file, options, from, maxBytes }: ParseJob): Promise<ParsedFile> {
  await checkZip(file, maxBytes, (part, text) => {
    const far = part.startsWith('xl/worksheets/') ? FAR_CELL.exec(text) : null;
    if (far) throw new Error(`it has a cell outside of what a sheet is:${far[0]}`);
  });
  const sheet = await readSheet(file, options.sheet ?? 1, { trim: false });
  const rows = (sheet as Cell[][]).filter((row) => row.some((cell) => cell !== null));
  for (const row of rows) row.forEach(mendTime);
  const header = options.header === false ? undefined : rows.shift();
  const width = Math.max(header?.length ?? 0, ...[rows[0]?.length ?? 0]);
  const names = uniqueNames(Array.from({ length: width }, (_, index) => nameOf(header?.[index] ?? null)));
  const columns = names.map((name, index): Column => ({ name, type: typeOf(rows, index) }));
  return { columns, total: rows.length, rows: messages(rows, columns, from) };
}

/** A time is a fraction of a day, seldom an exact one, and was rounded down: 9:59:59.999 is ten o'clock. */
function mendTime(cell: Cell): void {
  if (cell instanceof Date && cell.getUTCMilliseconds() === 999) cell.setTime(cell.getTime() + 1);
}

function nameOf(cell: Cell): string {
  if (cell === null) return '';
  return cell instanceof Date ? isoDay(cell) : String(cell);
}

function isoDay(date: Date): string {
  return date.toISOString().split('T')[0] ?? '';
}

function typeOf(rows: readonly Cell[][], index: number): ColumnType {
  const types = new Set<ColumnType>();
  for (const row of rows) {
    const cell = row[index] ?? null;
    if (cell !== null) types.add(typeOfCell(cell));
  }
  const [only = 'text', ...others] = types;
  if (others.length === 0) return only;
  if (types.size === 2 && types.has('integer') && types.has('number')) return 'number';
  return types.size === 2 && types.has('date') && types.has('timestamp') ? 'timestamp' : 'text';
}

function typeOfCell(cell: CellValue): ColumnType {
  if (cell instanceof Date) return cell.getTime() % DAY_MS === 0 ? 'date' : 'timestamp';
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? 'integer' : 'number';
  return typeof cell === 'boolean' ? 'boolean' : 'text';
}

function* messages(rows: readonly Cell[][], columns: readonly Column[], from: number): Generator<Value[][]> {
  for (let start = from; start < rows.length; start += ROWS_PER_MESSAGE) {
    yield rows.slice(start, start + ROWS_PER_MESSAGE).map((row) =>
      columns.map(({ type }, index): Value => {
        const cell = (row[index] ?? null) as string | number | boolean | Date | null;
        return type === 'date' && cell instanceof Date ? isoDay(cell) : cell;
      }),
    );
  }
}
