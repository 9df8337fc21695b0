import type { DatabaseEngine } from '../../../../../connections/drivers/login.ts';
import { ExecutorError } from '../../../../../protocol/executor.ts';

const BLOCK_COMMENT = String.raw`\/\*[\s\S]*?\*\/`;
const PLAIN_TEXT = `'(?:''|[^'])*'`;
const QUOTED_NAME = `"(?:""|[^"])*"`;

/** What stands where words and brackets mean nothing: comments, texts, quoted names. They differ by engine. */
const OPAQUE: Readonly<Record<DatabaseEngine, readonly string[]>> = {
  postgresql: [
    String.raw`--[^\n]*`,
    BLOCK_COMMENT,
    String.raw`\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$`,
    String.raw`\b[eE]'(?:''|\\[\s\S]|[^'\\])*'`,
    PLAIN_TEXT,
    QUOTED_NAME,
  ],
  mysql: mysqlOpaque(),
  mariadb: mysqlOpaque(),
  sqlserver: [String.raw`--[^\n]*`, BLOCK_COMMENT, PLAIN_TEXT, QUOTED_NAME, String.raw`\[(?:\]\]|[^\]])*\]`],
  oracle: [
    String.raw`--[^\n]*`,
    BLOCK_COMMENT,
    String.raw`\b[qQ]'\[[\s\S]*?\]'`,
    String.raw`\b[qQ]'\{[\s\S]*?\}'`,
    String.raw`\b[qQ]'\([\s\S]*?\)'`,
    String.raw`\b[qQ]'<[\s\S]*?>'`,
    String.raw`\b[qQ]'([^\s[{(<])[\s\S]*?\1'`,
    PLAIN_TEXT,
    QUOTED_NAME,
  ],
};

function mysqlOpaque(): readonly string[] {
  return [
    String.raw`--(?=\s|$)[^\n]*`,
    String.raw`#[^\n]*`,
    BLOCK_COMMENT,
    String.raw`'(?:''|\\[\s\S]|[^'\\])*'`,
    String.raw`"(?:""|\\[\s\S]|[^"\\])*"`,
    '`(?:``|[^`])*`',
  ];
}

/**
 * A user's query as it may stand in a statement of ours, without the semicolon at its end.
 *
 * What keeps it from writing is the read-only transaction, and what keeps out a second statement is the protocol,
 * where the engine has them; this says so in words beforehand, and sees to it that the query cannot end the
 * parentheses that are put around it.
 * @throws ExecutorError naming the field
 */
export function oneSelect(query: string, engine: DatabaseEngine): string {
  const bare = query.replace(new RegExp(OPAQUE[engine].join('|'), 'g'), (opaque) => ' '.repeat(opaque.length));
  const end = bare.replace(/[\s;]+$/, '').length;
  // What follows the last semicolon can only be a comment; before it, everything is kept as it was written.
  const text = bare.includes(';', end) ? query.slice(0, end) : query;
  const statement = bare.slice(0, end);
  if (!/^[\s(]*(select|with|values|table)\b/i.test(statement)) throw refused('it does not begin with SELECT or WITH');
  if (statement.includes(';')) throw refused('it holds several statements');
  if (!balanced(statement)) throw refused('its parentheses do not match');
  return text;
}

function balanced(statement: string): boolean {
  let depth = 0;
  for (const character of statement) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function refused(reason: string): ExecutorError {
  return new ExecutorError(`query must be one SELECT: ${reason}`, { retryable: false });
}
