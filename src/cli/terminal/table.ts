import { displayWidth, printable, truncate } from './width.ts';

export interface Column<Row> {
  readonly header: string;
  value(row: Row): unknown;
  readonly align?: 'right';
}

interface TableOptions {
  /** Columns of the terminal; undefined (not a terminal) = never cut anything off. */
  readonly width: number | undefined;
  readonly header?: (text: string) => string;
}

const GAP = '  ';
const NARROWEST = 8;

/** What stands in a table for a value: `-` for none, lists joined, objects as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cellText).join(', ');
  if (value instanceof Date) return value.toISOString();
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** Takes columns from the widest first, so that short ones (ids, states) stay whole as long as they can. */
function fitWidths(widths: number[], available: number): number[] {
  const fitted = [...widths];
  for (;;) {
    const total = fitted.reduce((sum, width) => sum + width, 0);
    const widest = Math.max(...fitted);
    if (total <= available || widest <= NARROWEST) return fitted;
    const second = Math.max(NARROWEST, ...fitted.filter((width) => width < widest));
    const sharing = fitted.filter((width) => width === widest).length;
    const cut = Math.max(1, Math.min(widest - second, Math.ceil((total - available) / sharing)));
    for (const [index, width] of fitted.entries()) if (width === widest) fitted[index] = width - cut;
  }
}

function line(cells: string[], widths: number[], right: boolean[]): string {
  const padded = cells.map((cell, index) => {
    const width = widths[index] ?? 0;
    const text = truncate(cell, width);
    const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
    return right[index] ? space + text : text + space;
  });
  return padded.join(GAP).trimEnd();
}

/** An aligned table that fits the terminal; its header line, then one line a row. Ends without a line break. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
  const headers = columns.map((column) => column.header);
  const natural = headers.map((header, index) =>
    Math.max(displayWidth(header), ...cells.map((row) => displayWidth(row[index] ?? ''))),
  );
  const widths =
    options.width === undefined ? natural : fitWidths(natural, options.width - GAP.length * (columns.length - 1));
  const right = columns.map((column) => column.align === 'right');
  const head = line(headers, widths, right);
  return [options.header?.(head) ?? head, ...cells.map((row) => line(row, widths, right))].join('\n');
}
