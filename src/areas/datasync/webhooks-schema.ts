import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { problemsOf } from '../../http/validation.ts';
import { AppError, invalidField } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import { Budget, BudgetError } from './executor/transforms/budget.ts';
import { Pattern } from './executor/transforms/pattern/pattern.ts';

/**
 * JSON Schemas that users write. They become code of this server, and judge what strangers send: so what could make a
 * small schema or body cost much is refused when the webhook is made.
 */

const MOST_SCHEMA_BYTES = 64 * 1024;
const MOST_NODES = 2000;
const DEEPEST = 32;
/** Schemas that may apply to one value, references followed: two references a level double them with each. */
const MOST_APPLIED = 500;
/** Without a bound every item is compared with every other one. */
const MOST_UNIQUE = 1000;
/** What names other schemas in ways that cannot be followed beforehand. */
const REFUSED = new Set(['$dynamicRef', '$recursiveRef', '$dynamicAnchor', '$recursiveAnchor', '$data', '$anchor']);
const IN_PLACE = ['allOf', 'anyOf', 'oneOf'] as const;
const IN_PLACE_ONE = ['not', 'if', 'then', 'else'] as const;

type Schema = { readonly [keyword: string]: unknown };

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws AppError `validation` naming the place */
function refuseCostly(schema: Schema): void {
  if (JSON.stringify(schema).length > MOST_SCHEMA_BYTES) {
    throw invalidField('schema', `must have at most ${MOST_SCHEMA_BYTES / 1024} KiB`);
  }
  let nodes = 0;
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value !== 'object' || value === null) return;
    nodes += 1;
    const field = path.join('.');
    if (nodes > MOST_NODES) throw invalidField('schema', `must have at most ${MOST_NODES} parts`);
    if (path.length > DEEPEST) throw invalidField('schema', 'is nested too deeply');
    for (const [name, part] of Object.entries(value)) {
      if (REFUSED.has(name)) throw invalidField(`${field}.${name}`, 'is not possible here; use $ref');
      if (name === '$ref' && !(typeof part === 'string' && /^#(?:\/[^%]*)?$/.test(part))) {
        throw invalidField(`${field}.$ref`, 'must be a plain pointer into this schema (#/…): nothing is fetched');
      }
      if (name === '$id' && path.length > 1) throw invalidField(`${field}.$id`, 'is possible at the top alone');
      visit(part, [...path, name]);
    }
    const { uniqueItems, maxItems } = value as Schema;
    if (uniqueItems === true && !(typeof maxItems === 'number' && maxItems <= MOST_UNIQUE)) {
      throw invalidField(`${field}.uniqueItems`, `needs maxItems, at most ${MOST_UNIQUE}`);
    }
  };
  visit(schema, ['schema']);
  refuseMultiplying(schema, nodes);
}

/** Follows what applies to the same value from every part of the schema. */
function refuseMultiplying(root: Schema, parts: number): void {
  const costs = new Map<Schema, number>();
  const costOf = (schema: unknown, open: ReadonlySet<Schema>): number => {
    if (!isSchema(schema)) return 1;
    const known = costs.get(schema);
    if (known !== undefined) return known;
    if (open.has(schema)) throw invalidField('schema', 'has a part that refers to itself for the same value');
    const within = new Set([...open, schema]);
    const applied = [
      ...IN_PLACE.flatMap((keyword) => (Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]) : [])),
      ...IN_PLACE_ONE.flatMap((keyword) => (keyword in schema ? [schema[keyword]] : [])),
      ...Object.values(isSchema(schema.dependentSchemas) ? schema.dependentSchemas : {}),
      ...(typeof schema.$ref === 'string' ? [pointed(root, schema.$ref)] : []),
    ];
    const cost = applied.reduce((sum: number, part) => sum + costOf(part, within), 1);
    if (cost > MOST_APPLIED) throw invalidField('schema', `applies more than ${MOST_APPLIED} schemas to one value`);
    costs.set(schema, cost);
    return cost;
  };
  const open: unknown[] = [root];
  for (let seen = 0; open.length > 0 && seen <= parts * 2; seen += 1) {
    const part = open.pop();
    if (typeof part !== 'object' || part === null) continue;
    if (isSchema(part)) costOf(part, new Set());
    open.push(...Object.values(part));
  }
}

function pointed(root: Schema, reference: string): unknown {
  let part: unknown = root;
  for (const step of reference.slice(1).split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    part = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[name] : undefined;
  }
  return part;
}

/** What Ajv makes of `pattern`: each character is looked at once, whatever the pattern and the text. */
function linearPattern(source: string): RegExp {
  const pattern = new Pattern(source);
  const budget = new Budget();
  const test = (text: string): boolean => {
    budget.refill();
    return pattern.test(text, budget);
  };
  // Of an expression Ajv uses this alone.
  return { test, source } as RegExp;
}
linearPattern.code = 'new RegExp';

const OPTIONS: Options = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  // One fault is enough to refuse; finding all of a large body takes time.
  allErrors: false,
  verbose: true,
  addUsedSchema: false,
  code: { regExp: linearPattern },
};

export type Judge = (payload: unknown) => void;

/**
 * Compiles a schema of draft 7 or 2020-12, as its `$schema` says; 2020-12 unless told.
 * @returns what throws AppError `validation`, naming the field, for a body that is not as the schema says
 * @throws AppError `validation` for a schema that is none, or that could cost too much
 */
export function compileSchema(schema: Json): Judge {
  if (!isSchema(schema)) throw invalidField('schema', 'must be a JSON Schema, which is an object');
  refuseCostly(schema);
  const validate = compiled(schema);
  return (payload) => {
    if (!isValid(validate, payload)) throw refusalOf(validate.errors ?? []);
  };
}

function compiled(schema: Schema): ValidateFunction {
  const draft = String(schema.$schema ?? '');
  const ajv = draft.includes('draft-07') ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS);
  formats.default(ajv, { mode: 'fast' });
  try {
    return ajv.compile(schema as AnySchema);
  } catch (error) {
    throw invalidField('schema', `is no JSON Schema that can be used: ${(error as Error).message.slice(0, 500)}`);
  }
}

function isValid(validate: ValidateFunction, payload: unknown): boolean {
  try {
    return validate(payload) === true;
  } catch (error) {
    if (error instanceof BudgetError)
      throw new AppError('validation', 'A text is too long for the pattern of its field.');
    throw error;
  }
}

function refusalOf(errors: readonly ErrorObject[]): AppError {
  const details = problemsOf(errors.slice(0, 20) as Parameters<typeof problemsOf>[0], 'body');
  const [first] = details;
  const message = first ? `${first.field}: ${first.message}` : 'The body is not as the schema says.';
  return new AppError('validation', message, { details });
}
