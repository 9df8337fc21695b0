import type { LogLevel } from '../../kernel/logger.ts';
import type { Output } from '../terminal/output.ts';
import { printable } from '../terminal/width.ts';

/** What nobody needs to act on. */
const QUIET = new Set<unknown>(['trace', 'debug', 'info'] satisfies LogLevel[]);
/** Every line has them; the rest says what this one is about. */
const COMMON = new Set(['level', 'time', 'component', 'pid', 'msg', 'err']);
/** How long the same words of the same process are not repeated, in milliseconds. */
const ECHO_MS = 10_000;

type LogLine = Readonly<Record<string, unknown>>;

function parseLine(line: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'msg' in value ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The message and why. */
function saying({ msg, err }: LogLine): string {
  const why = typeof err === 'object' && err !== null && 'message' in err ? `: ${String(err.message)}` : '';
  return `${String(msg)}${why}`;
}

/** The line's own fields, such as `  (runs=3 file=/srv/x)`. */
function about(entry: LogLine): string {
  const fields = Object.entries(entry).filter(([name]) => !COMMON.has(name));
  const texts = fields.map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return texts.length > 0 ? `  (${texts.join(' ')})` : '';
}

/** Says whether something was said just now: while a database is away, every loop of every process says so. */
function echoes(now: () => number): (text: string) => boolean {
  const lastSaid = new Map<string, number>();
  return (text) => {
    for (const [said, at] of lastSaid) if (now() - at >= ECHO_MS) lastSaid.delete(said);
    const isEcho = lastSaid.has(text);
    if (!isEcho) lastSaid.set(text, now());
    return isEcho;
  };
}

/**
 * Shows the JSON log lines of Longshore's processes to the person who started it; what is no log line as it is.
 * @param all also those that nobody needs to act on, such as a line a request, and those that repeat another
 * @param now milliseconds of a clock that never goes back
 */
export function logView(out: Output, all: boolean, now = () => performance.now()): (line: string) => void {
  const isEcho = echoes(now);
  return (line) => {
    const entry = parseLine(line);
    if (!entry) {
      out.note(printable(line));
      return;
    }
    const level = String(entry.level);
    const said = `${level} ${String(entry.component)}: ${saying(entry)}`;
    if (!all && (QUIET.has(level) || isEcho(said))) return;
    const style = level === 'error' || level === 'fatal' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
    const clock = String(entry.time).slice(11, 19);
    out.note(out.style(style, printable(`${clock} ${said}${about(entry)}`), out.stderr));
  };
}
