import { decimalOf, plainValue } from '../values/decimal.ts';
import { ExpressionError } from './error.ts';

export type Token =
  | { readonly kind: 'number'; readonly value: number | bigint | string; readonly at: number }
  | { readonly kind: 'text'; readonly value: string; readonly at: number }
  /** Text in double quotes: the name of a field, allowed between brackets only. */
  | { readonly kind: 'quoted'; readonly value: string; readonly at: number }
  | { readonly kind: 'name' | 'symbol' | 'end'; readonly value: string; readonly at: number };

/** Longest source of an expression, in UTF-16 units. */
const LONGEST = 10_000;

const SPACE = /\s+/y;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NAME = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy;
const SYMBOL = /\?\?|<=|>=|<>|!=|==|&&|\|\||[-+*/%<>=!?:()[\].,]/y;

/** @throws ExpressionError */
export function tokensOf(source: string): Token[] {
  if (source.length > LONGEST) throw new ExpressionError(LONGEST, `an expression has at most ${LONGEST} characters`);
  const tokens: Token[] = [];
  let at = 0;
  const take = (form: RegExp): string | undefined => {
    form.lastIndex = at;
    const found = form.exec(source)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  for (;;) {
    take(SPACE);
    const start = at;
    const first = source.charAt(at);
    if (first === '') return [...tokens, { kind: 'end', value: '', at }];
    const number = take(NUMBER);
    const name = number === undefined ? take(NAME) : undefined;
    if (number !== undefined) tokens.push(numberToken(source, number, start));
    else if (name !== undefined) tokens.push({ kind: 'name', value: name, at: start });
    else if (first === "'" || first === '"') {
      const { value, end } = quoted(source, start, first);
      tokens.push({ kind: first === "'" ? 'text' : 'quoted', value, at: start });
      at = end;
    } else {
      const symbol = take(SYMBOL);
      if (symbol === undefined) throw new ExpressionError(start, unknownCharacter(source, start));
      tokens.push({ kind: 'symbol', value: symbol, at: start });
    }
  }
}

/** A number that a double cannot hold becomes a bigint or stays decimal text. */
function numberToken(source: string, text: string, at: number): Token {
  NAME.lastIndex = at + text.length;
  if (NAME.test(source)) {
    throw new ExpressionError(at, 'a name does not begin with a digit; write such a field as ["1st"]');
  }
  const decimal = decimalOf(text);
  if (!decimal) throw new ExpressionError(at, 'this number is too long');
  return { kind: 'number', value: plainValue(decimal), at };
}

/** A quote inside is written twice. */
function quoted(source: string, start: number, quote: string): { value: string; end: number } {
  let value = '';
  for (let from = start + 1; ; ) {
    const end = source.indexOf(quote, from);
    if (end < 0) throw new ExpressionError(start, `this ${quote} is never closed`);
    value += source.slice(from, end);
    if (source.charAt(end + 1) !== quote) return { value, end: end + 1 };
    value += quote;
    from = end + 2;
  }
}

function unknownCharacter(source: string, at: number): string {
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if ('“”‘’'.includes(character)) return `${character} is no quote here; use ' for text`;
  if (character === '{') return 'fields are named without braces';
  if (character === '&' || character === '|')
    return `write ${character}${character}, or ${character === '&' ? 'and' : 'or'}`;
  return `${JSON.stringify(character)} has no meaning in an expression`;
}
