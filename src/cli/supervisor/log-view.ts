import type { LogLevel } from '../../kernel/logger.ts';
import type { Output } from '../terminal/output.ts';
import { printable } from '../terminal/width.ts';

/** What nobody needs to act on. */
const QUIET = new Set<unknown>(['trace', 'debug', 'info'] satisfies LogLevel[]);
/** Every line has them; the rest says what this one is about. */
const COMMON = new Set(['level', 'time', 'component', 'pid', 'msg', 'err']);

type LogLine = Readonly<Record<string, unknown>>;

function parseLine(line: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'msg' in value ? (value as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

/** `: why` of the line's error, and its own fields: `(runs=3 file=/srv/x)`. */
function describe({ err, ...entry }: LogLine): string {
  const why = typeof err === 'object' && err !== null && 'message' in err ? `: ${String(err.message)}` : '';
  const fields = Object.entries(entry).filter(([name]) => !COMMON.has(name));
  const about = fields.map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${String(entry.msg)}${why}${about.length > 0 ? `  (${about.join(' ')})` : ''}`;
}

/**
 * Shows the JSON log lines of Longshore's processes to the person who started it; what is no log line as it is.
 * @param all also those that nobody needs to act on, such as a line a request
 */
export function logView(out: Output, all: boolean): (line: string) => void {
  return (line) => {
    const entry = parseLine(line);
    if (!entry) {
      out.note(printable(line));
      return;
    }
    const level = String(entry.level);
    if (!all && QUIET.has(level)) return;
    const style = level === 'error' || level === 'fatal' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
    const clock = String(entry.time).slice(11, 19);
    const text = printable(`${clock} ${level} ${String(entry.component)}: ${describe(entry)}`);
    out.note(out.style(style, text, out.stderr));
  };
}
