/**
 * The grammar of patterns: the part of regular expressions that can be matched in time linear in the text. What needs
 * going back (backreferences, lookaround) is refused by name, and so is what would make no difference here.
 */
export type CharTest = (codePoint: number) => boolean;

export type PatternNode =
  | { readonly kind: 'char'; readonly test: CharTest }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'either'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number }
  | { readonly kind: 'start' | 'end' };

/** `position` counts from 0 in the pattern. */
export class PatternError extends Error {
  readonly position: number;
  constructor(position: number, message: string) {
    super(`pattern, position ${position + 1}: ${message}`);
    this.name = 'PatternError';
    this.position = position;
  }
}

const LONGEST = 1000;
const DEEPEST = 50;
const MOST_REPEATS = 1000;

const isDigit: CharTest = (code) => code >= 48 && code <= 57;
const isSpace: CharTest = (code) => code <= 0xffff && /\s/.test(String.fromCharCode(code));
const isLineEnd: CharTest = (code) => code === 10 || code === 13 || code === 0x2028 || code === 0x2029;
const isWord: CharTest = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const not =
  (test: CharTest): CharTest =>
  (code) =>
    !test(code);

const CLASSES: Readonly<Record<string, CharTest>> = {
  d: isDigit,
  D: not(isDigit),
  s: isSpace,
  S: not(isSpace),
  w: isWord,
  W: not(isWord),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11 };

/** @throws PatternError */
export function parsePattern(source: string): PatternNode {
  if (source.length > LONGEST) throw new PatternError(LONGEST, `a pattern has at most ${LONGEST} characters`);
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): PatternNode {
    const node = this.#either();
    if (this.#at < this.#source.length) throw this.#error('there is no ( for this )');
    return node;
  }

  #error(message: string, at = this.#at): PatternError {
    return new PatternError(at, message);
  }

  #peek(): string {
    const code = this.#source.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #next(): string {
    const character = this.#peek();
    this.#at += character.length;
    return character;
  }

  #skip(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #either(): PatternNode {
    const first = this.#sequence();
    if (this.#peek() !== '|') return first;
    const parts = [first];
    while (this.#skip('|')) parts.push(this.#sequence());
    return { kind: 'either', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (!['', '|', ')'].includes(this.#peek())) parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): PatternNode {
    const part = this.#atom();
    const at = this.#at;
    const range = this.#range();
    if (!range) return part;
    if (part.kind === 'start' || part.kind === 'end') throw this.#error('an anchor cannot be repeated', at);
    if (this.#peek() === '?' || this.#peek() === '+') {
      throw this.#error('lazy and possessive repeats are not known: a match is always the longest');
    }
    if (['*', '{'].includes(this.#peek())) throw this.#error('a repeat cannot be repeated; put it in parentheses');
    return { kind: 'repeat', part, ...range };
  }

  #range(): { least: number; most: number } | undefined {
    if (this.#skip('*')) return { least: 0, most: Infinity };
    if (this.#skip('+')) return { least: 1, most: Infinity };
    if (this.#skip('?')) return { least: 0, most: 1 };
    if (this.#peek() !== '{') return undefined;
    const match = /^\{(\d{1,5})(?:(,)(\d{1,5})?)?\}/.exec(this.#source.slice(this.#at, this.#at + 16));
    if (!match) throw this.#error('{ needs a number as in {3}, {3,} or {3,5}; the character itself is \\{');
    const least = Number(match[1]);
    const upper = match[3] === undefined ? Infinity : Number(match[3]);
    const most = match[2] === undefined ? least : upper;
    if (most < least) throw this.#error('the lower number comes first');
    if (least > MOST_REPEATS || (most !== Infinity && most > MOST_REPEATS)) {
      throw this.#error(`at most ${MOST_REPEATS} repeats can be counted`);
    }
    this.#at += match[0].length;
    return { least, most };
  }

  #atom(): PatternNode {
    const at = this.#at;
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group(at);
      case '[':
        return { kind: 'char', test: this.#class(at) };
      case '.':
        return { kind: 'char', test: not(isLineEnd) };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return { kind: 'char', test: asTest(this.#escape(at)) };
      case '*':
      case '+':
      case '?':
      case '{':
        throw this.#error(`${character} has nothing before it to repeat; the character itself is \\${character}`, at);
      default:
        return { kind: 'char', test: asTest(codeOf(character)) };
    }
  }

  #group(at: number): PatternNode {
    if (this.#skip('?') && !this.#skip(':')) {
      throw this.#error('of groups with (? only (?:…) is known: no lookaround, names or flags', at);
    }
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw this.#error(`groups are nested more than ${DEEPEST} deep`, at);
    const node = this.#either();
    this.#depth -= 1;
    if (!this.#skip(')')) throw this.#error('this ( is never closed', at);
    return node;
  }

  /** @returns a code point, or the test of a class */
  #escape(at: number): number | CharTest {
    const character = this.#next();
    if (character === '') throw this.#error('a pattern cannot end with \\', at);
    const known = CLASSES[character];
    if (known) return known;
    const control = CONTROLS[character];
    if (control !== undefined) return control;
    if (character === 'p' || character === 'P') return this.#property(at, character === 'P');
    if (character === 'u' || character === 'x') return this.#coded(at, character);
    if (/[A-Za-z0-9]/.test(character)) throw this.#error(`\\${character} is not known in a pattern`, at);
    return codeOf(character);
  }

  #property(at: number, negated: boolean): CharTest {
    const match = /^\{[A-Za-z_]{1,40}(?:=[A-Za-z_]{1,40})?\}/.exec(this.#source.slice(this.#at, this.#at + 84));
    if (!match) throw this.#error('\\p needs a property as in \\p{L} or \\p{Script=Han}', at);
    this.#at += match[0].length;
    try {
      // Tested against one character at a time, so it cannot go back.
      const property = new RegExp(`^\\p${match[0]}$`, 'u');
      return (code) => property.test(String.fromCodePoint(code)) !== negated;
    } catch {
      throw this.#error(`there is no property ${match[0]}`, at);
    }
  }

  #coded(at: number, kind: string): number {
    const form = kind === 'x' ? /^[\dA-Fa-f]{2}/ : /^(?:[\dA-Fa-f]{4}|\{[\dA-Fa-f]{1,6}\})/;
    const match = form.exec(this.#source.slice(this.#at, this.#at + 8));
    const code = match ? Number.parseInt(match[0].replace('{', ''), 16) : Infinity;
    if (!match || code > 0x10ffff) throw this.#error(`\\${kind} needs the number of a character, in hex`, at);
    this.#at += match[0].length;
    return code;
  }

  #class(at: number): CharTest {
    const negated = this.#skip('^');
    const tests: CharTest[] = [];
    let first = true;
    while (first || this.#peek() !== ']') {
      if (this.#peek() === '') throw this.#error('this [ is never closed', at);
      tests.push(this.#classPart());
      first = false;
    }
    this.#at += 1;
    const any: CharTest = (code) => tests.some((test) => test(code));
    return negated ? not(any) : any;
  }

  #classPart(): CharTest {
    const at = this.#at;
    const low = this.#classChar();
    if (this.#peek() !== '-' || ['', ']'].includes(this.#source.charAt(this.#at + 1))) return asTest(low);
    this.#at += 1;
    const high = this.#classChar();
    if (typeof low !== 'number' || typeof high !== 'number') throw this.#error('a range goes between characters', at);
    if (high < low) throw this.#error('the lower end of a range comes first', at);
    return (code) => code >= low && code <= high;
  }

  #classChar(): number | CharTest {
    const at = this.#at;
    const character = this.#next();
    if (character === '') throw this.#error('a [ is never closed', at);
    return character === '\\' ? this.#escape(at) : codeOf(character);
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function asTest(part: number | CharTest): CharTest {
  return typeof part === 'number' ? (code) => code === part : part;
}
