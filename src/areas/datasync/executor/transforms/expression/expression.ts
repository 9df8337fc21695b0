import { valueAt } from '../../json-pointer.ts';
import type { Row, Value } from '../../pipeline/contracts.ts';
import { Budget, BudgetError } from '../budget.ts';
import { topReader } from '../fields.ts';
import { PatternError } from '../pattern/parse.ts';
import { kindOf } from '../values/text.ts';
import type { Node } from './ast.ts';
import { ExpressionError } from './error.ts';
import { FUNCTIONS } from './functions.ts';
import { arithmetic, equal, negative, order, truth } from './operators.ts';
import { parseExpression } from './parse.ts';
import { type Evaluate, OperationError, type Scope } from './scope.ts';

/** An expression, compiled once to be run over many rows. Docs: docs/transformations.md. */
export class Expression {
  readonly #evaluate: Evaluate;
  readonly #scope: { row: Row; readonly now: Date; readonly budget: Budget };
  readonly #nodes: number;

  /**
   * @param now what `now()` gives
   * @throws ExpressionError saying where and what is wrong
   */
  constructor(source: string, now: Date) {
    const compiler = new Compiler();
    this.#evaluate = compiler.compile(parseExpression(source));
    this.#nodes = compiler.nodes;
    this.#scope = { row: {}, now, budget: new Budget() };
  }

  /** @throws ExpressionError when it cannot be done for this row, or takes too much */
  evaluate(row: Row): Value {
    const scope = this.#scope;
    scope.row = row;
    scope.budget.refill();
    // Nothing runs twice within a row, so what the places themselves cost is known beforehand.
    scope.budget.spend(this.#nodes);
    return this.#evaluate(scope);
  }

  /**
   * Its value as a condition; null counts as false.
   * @throws ExpressionError also when it gives neither true, false nor null
   */
  holds(row: Row): boolean {
    const value = this.evaluate(row);
    if (typeof value === 'boolean' || value === null) return value === true;
    throw new ExpressionError(0, `the expression must give true or false, it gives ${kindOf(value)}`);
  }
}

/** @throws ExpressionError placing what `work` throws */
function placed<T>(at: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw placedError(at, error);
  }
}

function placedError(at: number, error: unknown): unknown {
  const known =
    error instanceof OperationError ||
    error instanceof BudgetError ||
    error instanceof PatternError ||
    error instanceof RangeError;
  return known ? new ExpressionError(at, error.message) : error;
}

class Compiler {
  nodes = 0;

  compile(node: Node): Evaluate {
    this.nodes += 1;
    switch (node.kind) {
      case 'literal':
        return () => node.value;
      case 'field':
        return field(node.name);
      case 'member':
        return this.#member(node.of, node.name);
      case 'index':
        return this.#index(node.of, node.index);
      case 'negative':
        return this.#one(node.of, node.at, negative);
      case 'not':
        return this.#one(node.of, node.at, (value) => {
          const known = truth(value);
          return known === null ? null : !known;
        });
      case 'arithmetic':
        return this.#two(node, arithmetic(node.operator));
      case 'comparison':
        return this.#comparison(node);
      case 'and':
      case 'or':
        return this.#connected(node.parts, node.at, node.kind === 'or');
      case 'in':
        return this.#in(node);
      case 'is null':
        return this.#isNull(node.of, node.negated);
      case 'choose':
        return this.#choose(node);
      case 'first':
        return this.#first(node.parts);
      case 'call':
        return this.#call(node);
    }
  }

  #one(of: Node, at: number, work: (value: Value) => Value): Evaluate {
    const evaluate = this.compile(of);
    return (scope) => {
      const value = evaluate(scope);
      try {
        return work(value);
      } catch (error) {
        throw placedError(at, error);
      }
    };
  }

  #two(
    node: { left: Node; right: Node; at: number },
    work: (left: Value, right: Value, scope: Scope) => Value,
  ): Evaluate {
    const left = this.compile(node.left);
    const right = this.compile(node.right);
    return (scope) => {
      const [a, b] = [left(scope), right(scope)];
      try {
        return work(a, b, scope);
      } catch (error) {
        throw placedError(node.at, error);
      }
    };
  }

  /** Equality knows null; an order with null is null. */
  #comparison(node: Node & { kind: 'comparison' }): Evaluate {
    if (node.operator === '=') return this.#two(node, (a, b, { budget }) => equal(a, b, budget));
    if (node.operator === '!=') return this.#two(node, (a, b, { budget }) => !equal(a, b, budget));
    const holds = ORDERS[node.operator];
    return this.#two(node, (a, b, { budget }) => {
      if (a === null || b === null) return null;
      if (typeof a === 'string' && typeof b === 'string') budget.spendText(Math.min(a.length, b.length));
      return holds(order(a, b));
    });
  }

  /** `or` is true once a part is, `and` false once a part is; else null if any part is null. */
  #connected(parts: readonly Node[], at: number, decisive: boolean): Evaluate {
    const evaluates = parts.map((part) => this.compile(part));
    return (scope) => {
      let unknown = false;
      for (const evaluate of evaluates) {
        const value = evaluate(scope);
        if (value === decisive) return decisive;
        if (value === null) unknown = true;
        else if (typeof value !== 'boolean') placed(at, () => truth(value));
      }
      return unknown ? null : !decisive;
    };
  }

  #in(node: Node & { kind: 'in' }): Evaluate {
    const of = this.compile(node.of);
    const texts = literalTexts(node.list);
    const list = node.list.map((entry) => this.compile(entry));
    const { negated, at } = node;
    return (scope) => {
      const value = of(scope);
      if (typeof value === 'string' && texts) return texts.has(value) !== negated;
      return placed(at, () => isAmong(value, list, scope)) !== negated;
    };
  }

  #isNull(of: Node, negated: boolean): Evaluate {
    const evaluate = this.compile(of);
    return (scope) => (evaluate(scope) === null) !== negated;
  }

  #choose(node: Node & { kind: 'choose' }): Evaluate {
    const condition = this.#one(node.condition, node.at, truth);
    const then = this.compile(node.then);
    const otherwise = this.compile(node.otherwise);
    return (scope) => (condition(scope) === true ? then(scope) : otherwise(scope));
  }

  #first(parts: readonly Node[]): Evaluate {
    const evaluates = parts.map((part) => this.compile(part));
    return (scope) => {
      for (const evaluate of evaluates) {
        const value = evaluate(scope);
        if (value !== null) return value;
      }
      return null;
    };
  }

  #member(of: Node, name: string): Evaluate {
    const evaluate = this.compile(of);
    const names = [name];
    return (scope) => valueAt(evaluate(scope), names) ?? null;
  }

  #index(of: Node, index: Node): Evaluate {
    const container = this.compile(of);
    const place = this.compile(index);
    return (scope) => {
      const at = place(scope);
      if (typeof at !== 'number' && typeof at !== 'string') return null;
      return valueAt(container(scope), [String(at)]) ?? null;
    };
  }

  #call(node: Node & { kind: 'call' }): Evaluate {
    const { name, parameters, at } = node;
    const definition = FUNCTIONS.get(name);
    if (!definition) throw new ExpressionError(at, unknownFunction(name));
    if (parameters.length < definition.least || parameters.length > definition.most) {
      throw new ExpressionError(at, `${name} is called as ${definition.usage}`);
    }
    const evaluates = parameters.map((parameter) => this.compile(parameter));
    const constants = parameters.map((parameter) => (parameter.kind === 'literal' ? parameter.value : undefined));
    const call = placed(at, () => definition.prepare(constants));
    return (scope) => {
      const values = evaluates.map((evaluate) => evaluate(scope));
      try {
        return call(values, scope);
      } catch (error) {
        throw placedError(at, error);
      }
    };
  }
}

const ORDERS = {
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
} as const;

function field(name: string): Evaluate {
  const read = topReader(name);
  return (scope) => read(scope.row) ?? null;
}

/** Long lists are mostly of texts; a text is equal to another only when it is the same. */
function literalTexts(list: readonly Node[]): Set<string> | undefined {
  const texts = list.map((entry) => (entry.kind === 'literal' ? entry.value : undefined));
  return texts.every((text) => typeof text === 'string') ? new Set(texts) : undefined;
}

/** An entry that is itself a list counts as its entries. */
function isAmong(value: Value, list: readonly Evaluate[], scope: Scope): boolean {
  for (const evaluate of list) {
    const entry = evaluate(scope);
    const found = Array.isArray(entry)
      ? entry.some((item: Value) => equal(value, item, scope.budget))
      : equal(value, entry, scope.budget);
    if (found) return true;
  }
  return false;
}

function unknownFunction(name: string): string {
  const known = [...FUNCTIONS.keys(), 'if', 'coalesce'].sort();
  return `there is no function ${name}; known are ${known.join(', ')}`;
}
