import { ARITHMETIC, COMPARISONS, type Node } from './ast.ts';
import { ExpressionError } from './error.ts';
import { type Token, tokensOf } from './tokens.ts';

/** Deepest tree, and deepest nesting of the source. Chains of `and`, `or` and `??` are flat, whatever their length. */
const DEEPEST = 200;

/** How tightly things bind, from the loosest. */
const POWER = { choose: 1, or: 2, and: 3, not: 4, compare: 5, first: 6, sum: 7, product: 8, prefix: 9, postfix: 10 };

const INFIX: Readonly<Record<string, number>> = {
  '?': POWER.choose,
  or: POWER.or,
  '||': POWER.or,
  and: POWER.and,
  '&&': POWER.and,
  '=': POWER.compare,
  '==': POWER.compare,
  '!=': POWER.compare,
  '<>': POWER.compare,
  '<': POWER.compare,
  '<=': POWER.compare,
  '>': POWER.compare,
  '>=': POWER.compare,
  in: POWER.compare,
  is: POWER.compare,
  not: POWER.compare,
  '??': POWER.first,
  '+': POWER.sum,
  '-': POWER.sum,
  '*': POWER.product,
  '/': POWER.product,
  '%': POWER.product,
  '.': POWER.postfix,
  '[': POWER.postfix,
};

const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'is', 'null', 'true', 'false']);
const SAME_OPERATOR: Readonly<Record<string, string>> = { '==': '=', '<>': '!=', '&&': 'and', '||': 'or' };
const CONSTANTS = new Map<string, boolean | null>([
  ['null', null],
  ['true', true],
  ['false', false],
]);

type Unplaced = Node extends infer N ? (N extends Node ? Omit<N, 'depth'> : never) : never;

/** @throws ExpressionError saying where and what is wrong */
export function parseExpression(source: string): Node {
  return new Parser(tokensOf(source)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Node {
    if (this.#token().kind === 'end') throw new ExpressionError(0, 'the expression is empty');
    const node = this.#expression(0);
    const token = this.#token();
    if (token.kind !== 'end') throw unexpected(token, 'an operator or the end');
    return node;
  }

  #token(): Token {
    const token = this.#tokens[this.#next] ?? this.#tokens.at(-1);
    return token ?? { kind: 'end', value: '', at: 0 };
  }

  #take(): Token {
    const token = this.#token();
    this.#next += 1;
    return token;
  }

  /** The symbol or keyword that comes next, keywords in lower case; empty when something else does. */
  #word(): string {
    const token = this.#token();
    if (token.kind === 'symbol') return token.value;
    if (token.kind !== 'name') return '';
    const word = token.value.toLowerCase();
    return KEYWORDS.has(word) ? word : '';
  }

  #skip(word: string): boolean {
    if (this.#word() !== word) return false;
    this.#next += 1;
    return true;
  }

  #expect(word: string, why: string): void {
    if (!this.#skip(word)) throw unexpected(this.#token(), `${word} ${why}`);
  }

  #node(node: Unplaced, ...children: readonly Node[]): Node {
    const depth = 1 + children.reduce((deepest, child) => Math.max(deepest, child.depth), 0);
    if (depth > DEEPEST) throw tooDeep(node.at);
    return { ...node, depth };
  }

  /** What binds at least as tightly as `power`. */
  #expression(power: number): Node {
    this.#nesting += 1;
    if (this.#nesting > DEEPEST) throw tooDeep(this.#token().at);
    let left = this.#prefix();
    for (;;) {
      const word = this.#word();
      const binding = INFIX[word];
      if (binding === undefined || binding < power) break;
      left = this.#infix(left, word, binding);
    }
    this.#nesting -= 1;
    return left;
  }

  #prefix(): Node {
    const token = this.#take();
    const { at } = token;
    switch (token.kind) {
      case 'number':
      case 'text':
        return this.#node({ kind: 'literal', value: token.value, at });
      case 'quoted':
        throw new ExpressionError(at, 'text stands in single quotes; a field with an odd name is written ["name"]');
      case 'name':
        return this.#name(token.value, at);
      case 'symbol':
        return this.#symbol(token);
      case 'end':
        throw unexpected(token, 'a value');
    }
  }

  /** What begins with a symbol. */
  #symbol(token: Token): Node {
    const { at } = token;
    if (token.value === '(') {
      const inner = this.#expression(0);
      this.#expect(')', 'to close the (');
      return inner;
    }
    if (token.value === '[') return this.#oddName(at);
    if (token.value === '-' || token.value === '!') return this.#prefixed(token.value === '-' ? 'negative' : 'not', at);
    if (token.value === '+') return this.#expression(POWER.prefix);
    throw unexpected(token, 'a value');
  }

  #prefixed(kind: 'negative' | 'not', at: number): Node {
    const of = this.#expression(POWER.prefix);
    return this.#node({ kind, of, at }, of);
  }

  #name(name: string, at: number): Node {
    const word = name.toLowerCase();
    const constant = CONSTANTS.get(word);
    if (constant !== undefined) return this.#node({ kind: 'literal', value: constant, at });
    if (word === 'not') {
      const of = this.#expression(POWER.not);
      return this.#node({ kind: 'not', of, at }, of);
    }
    if (KEYWORDS.has(word)) {
      throw new ExpressionError(at, `expected a value, found ${word}; a field of that name is written ["${name}"]`);
    }
    if (!this.#skip('(')) return this.#node({ kind: 'field', name, at });
    return this.#call(word, this.#list(')', 'to close the call'), at);
  }

  /** Entries between commas, up to and with `close`. */
  #list(close: string, why: string): Node[] {
    const entries: Node[] = [];
    if (this.#skip(close)) return entries;
    do entries.push(this.#expression(0));
    while (this.#skip(','));
    this.#expect(close, why);
    return entries;
  }

  #call(name: string, parameters: readonly Node[], at: number): Node {
    if (name === 'coalesce' && parameters.length > 0) {
      return this.#node({ kind: 'first', parts: parameters, at }, ...parameters);
    }
    if (name !== 'if') return this.#node({ kind: 'call', name, parameters, at }, ...parameters);
    const [condition, then, otherwise] = parameters;
    if (!condition || !then || !otherwise || parameters.length > 3) {
      throw new ExpressionError(at, 'if takes three: the condition, what then, what otherwise');
    }
    return this.#node({ kind: 'choose', condition, then, otherwise, at }, condition, then, otherwise);
  }

  #oddName(at: number): Node {
    const token = this.#take();
    if (token.kind !== 'quoted' && token.kind !== 'text') {
      throw new ExpressionError(at, '[ begins a field with an odd name, as in ["order no."]; a list is in ( )');
    }
    this.#expect(']', 'after the name');
    return this.#node({ kind: 'field', name: token.value, at });
  }

  #infix(left: Node, word: string, binding: number): Node {
    const { at } = this.#take();
    switch (word) {
      case '?':
        return this.#choose(left, at);
      case '.':
        return this.#member(left, at);
      case '[':
        return this.#index(left, at);
      case '??':
        return this.#chain('first', left, binding, at);
      case 'and':
      case '&&':
      case 'or':
      case '||':
        return this.#chain(word === 'and' || word === '&&' ? 'and' : 'or', left, binding, at);
      case 'not':
        if (this.#word() !== 'in') throw unexpected(this.#token(), 'in after not');
        this.#next += 1;
        return this.#in(left, true, at);
      case 'in':
        return this.#in(left, false, at);
      case 'is':
        return this.#isNull(left, at);
      default:
        return this.#binary(left, SAME_OPERATOR[word] ?? word, binding, at);
    }
  }

  #choose(condition: Node, at: number): Node {
    const then = this.#expression(0);
    this.#expect(':', 'and what otherwise');
    const otherwise = this.#expression(POWER.choose);
    return this.#node({ kind: 'choose', condition, then, otherwise, at }, condition, then, otherwise);
  }

  #member(of: Node, at: number): Node {
    const token = this.#take();
    if (token.kind !== 'name') throw unexpected(token, 'a name after .');
    return this.#node({ kind: 'member', of, name: token.value, at }, of);
  }

  #index(of: Node, at: number): Node {
    const quoted = this.#token();
    if (quoted.kind === 'quoted') {
      this.#next += 1;
      this.#expect(']', 'after the name');
      return this.#node({ kind: 'member', of, name: quoted.value, at }, of);
    }
    const index = this.#expression(0);
    this.#expect(']', 'after the index');
    return this.#node({ kind: 'index', of, index, at }, of, index);
  }

  #chain(kind: 'and' | 'or' | 'first', left: Node, binding: number, at: number): Node {
    const parts = [left, this.#expression(binding + 1)];
    for (let word = this.#word(); INFIX[word] === binding; word = this.#word()) {
      this.#next += 1;
      parts.push(this.#expression(binding + 1));
    }
    return this.#node({ kind, parts, at }, ...parts);
  }

  #in(of: Node, negated: boolean, at: number): Node {
    const list = this.#skip('(') ? this.#list(')', 'to close the list') : [this.#expression(POWER.compare + 1)];
    this.#refuseChain();
    return this.#node({ kind: 'in', of, list, negated, at }, of, ...list);
  }

  #isNull(of: Node, at: number): Node {
    const negated = this.#skip('not');
    if (!this.#skip('null')) throw unexpected(this.#token(), 'null after is');
    this.#refuseChain();
    return this.#node({ kind: 'is null', of, negated, at }, of);
  }

  #binary(left: Node, operator: string, binding: number, at: number): Node {
    const right = this.#expression(binding + 1);
    const arithmetic = ARITHMETIC.find((known) => known === operator);
    if (arithmetic) return this.#node({ kind: 'arithmetic', operator: arithmetic, left, right, at }, left, right);
    const comparison = COMPARISONS.find((known) => known === operator);
    if (!comparison) throw new ExpressionError(at, `${operator} has no meaning here`);
    this.#refuseChain();
    return this.#node({ kind: 'comparison', operator: comparison, left, right, at }, left, right);
  }

  /** `a < b < c` would compare a truth value. */
  #refuseChain(): void {
    if (INFIX[this.#word()] === POWER.compare) {
      throw new ExpressionError(this.#token().at, 'comparisons cannot be chained; join them with and');
    }
  }
}

function tooDeep(at: number): ExpressionError {
  return new ExpressionError(at, `the expression is nested more than ${DEEPEST} levels deep`);
}

function unexpected(token: Token, wanted: string): ExpressionError {
  const found = token.kind === 'end' ? 'the end' : JSON.stringify(token.value.toString().slice(0, 40));
  return new ExpressionError(token.at, `expected ${wanted}, found ${found}`);
}
