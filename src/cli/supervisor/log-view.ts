import type { Output } from '../terminal/output.ts';
import { printable } from '../terminal/width.ts';

const QUIET = new Set(['trace', 'debug', 'info']);

interface LogLine {
  readonly level?: unknown;
  readonly time?: unknown;
  readonly component?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly message?: unknown };
}

/**
 * Shows the JSON log lines of supervised processes to a person at a terminal; what is no log line as it is.
 * @param verbose also those that nobody needs to act on
 */
export function logView(out: Output, verbose: boolean): (line: string) => void {
  return (line) => {
    let entry: LogLine;
    try {
      entry = JSON.parse(line) as LogLine;
    } catch {
      out.note(printable(line));
      return;
    }
    const level = String(entry.level);
    if (!verbose && QUIET.has(level)) return;
    const style = level === 'error' || level === 'fatal' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
    const clock = String(entry.time).slice(11, 19);
    const why = typeof entry.err?.message === 'string' ? `: ${entry.err.message}` : '';
    const text = printable(`${clock} ${level} ${String(entry.component)}: ${String(entry.msg)}${why}`);
    out.note(out.style(style, text, out.stderr));
  };
}
