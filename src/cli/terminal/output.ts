import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { stringify } from 'yaml';
import { type Column, cellText, renderTable } from './table.ts';
import { displayWidth } from './width.ts';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];
type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** A stream that may be a terminal. */
export type Screen = Writable & { readonly isTTY?: boolean; readonly columns?: number; hasColors?(): boolean };

interface ListOptions {
  /** What to say instead of an empty table. */
  readonly empty?: string;
  /** Columns of a table that goes to no terminal; unless told, nothing is cut off there. */
  readonly widthElsewhere?: number;
}

interface OutputOptions {
  readonly format: Format;
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** False: never, whatever the terminal can (`--no-color`). NO_COLOR and TERM=dumb are respected in any case. */
  readonly color: boolean;
}

/** Where a command's words go: data to standard output in the chosen format, remarks to standard error. */
export class Output {
  readonly format: Format;
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly #color: boolean;

  constructor(options: OutputOptions) {
    this.format = options.format;
    this.stdout = options.stdout;
    this.stderr = options.stderr;
    this.#color = options.color;
  }

  /** Many things of one sort: a table, or the things themselves as the server gave them. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: ListOptions = {}): void {
    if (this.format !== 'table') {
      this.#structured(rows);
      return;
    }
    if (rows.length === 0) {
      this.note(options.empty ?? 'Nothing to show.');
      return;
    }
    const width = this.stdout.isTTY ? (this.stdout.columns ?? 80) : options.widthElsewhere;
    this.line(renderTable(rows, columns, { width, header: (text) => this.style('bold', text) }));
  }

  /** One thing: a line a field, or the thing itself. */
  record(value: object, fields: readonly (readonly [label: string, value: unknown])[] = Object.entries(value)): void {
    if (this.format !== 'table') {
      this.#structured(value);
      return;
    }
    const width = Math.max(0, ...fields.map(([label]) => displayWidth(label)));
    for (const [label, field] of fields) {
      this.line(`${this.style('bold', `${label}:`)}${' '.repeat(width - displayWidth(label))}  ${cellText(field)}`);
    }
  }

  /** What was done: `text` for people, `value` for programs. */
  done(text: string, value: unknown): void {
    if (this.format === 'table') this.line(text);
    else this.#structured(value);
  }

  line(text: string): void {
    this.stdout.write(`${text}\n`);
  }

  /** A remark beside the data; never in the way of a script that reads standard output. */
  note(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  style(style: Style, text: string, screen: Screen = this.stdout): string {
    const colored = this.#color && screen.isTTY === true && screen.hasColors?.() === true;
    // Whether it may be coloured has been decided, for this very screen.
    return colored ? styleText(style, text, { validateStream: false }) : text;
  }

  #structured(value: unknown): void {
    if (this.format === 'json') this.line(JSON.stringify(value, null, 2));
    else this.stdout.write(stringify(value));
  }
}
