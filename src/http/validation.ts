import type { FastifySchemaValidationError } from 'fastify';
import { AppError, type FieldProblem } from '../kernel/errors.ts';

/** Most problems that one answer names. */
const MOST_PROBLEMS = 20;
/** Most faults that are looked at. A body of a hundred thousand wrong elements has a fault for each; none is read by anybody. */
const MOST_FAULTS = 200;
/** Deepest nesting of a body: far beyond any schema's, far below what overflows a stack. */
const DEEPEST = 64;

interface Fault extends FastifySchemaValidationError {
  /** Ajv's `verbose` adds these two. */
  readonly parentSchema?: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': 'a time such as 2024-01-01T00:00:00Z',
  date: 'a date such as 2024-01-01',
  uri: 'a URL',
  uuid: 'a UUID',
  email: 'an email address',
};

/** An error for `problems`, its message made of the first. */
export function validationError(problems: readonly FieldProblem[]): AppError {
  const [first] = problems;
  const message = first ? `${first.field}: ${first.message}` : 'The request is malformed.';
  return new AppError('validation', message, { details: problems });
}

/**
 * Ajv's errors (TypeBox's compiled checks report theirs in the same form) as problems that name the field and the mend.
 * @param part `body`, `querystring`, `params` or `headers`: names what has no field of its own
 */
export function problemsOf(errors: readonly FastifySchemaValidationError[], part: string): FieldProblem[] {
  const problems = new Map<string, Set<string>>();
  for (const fault of withoutBranches(errors.slice(0, MOST_FAULTS))) {
    const { field, message } = problemOf(fault, part);
    problems.set(field, (problems.get(field) ?? new Set()).add(message));
    if (problems.size >= MOST_PROBLEMS) break;
  }
  return [...problems].map(([field, messages]) => ({ field, message: [...messages].join(', or ') }));
}

/** Whether `fault` is about the same as another one, or about a part of it. */
function isWithin(fault: Fault, path: string): boolean {
  return fault.instancePath === path || fault.instancePath.startsWith(`${path}/`);
}

/**
 * A union that fits nowhere reports itself and every branch: what helps is what its branches say, not `null`. Nor does a
 * second word on what is missing or empty. Compares all with all, so give it few.
 */
function withoutBranches(faults: readonly Fault[]): Fault[] {
  const isUnion = (fault: Fault) => fault.keyword === 'anyOf' || fault.keyword === 'oneOf';
  const isNull = (fault: Fault) => fault.keyword === 'type' && fault.params.type === 'null';
  return faults.filter((fault) => {
    const { keyword, instancePath } = fault;
    // TypeBox's second word on a field that is not known.
    if (keyword === 'boolean') return false;
    const others = faults.filter((other) => other !== fault && !isUnion(other));
    if (isUnion(fault)) return !others.some((other) => isWithin(other, instancePath));
    if (isNull(fault)) return !others.some((other) => !isNull(other) && isWithin(other, instancePath));
    if (keyword === 'pattern') {
      return !others.some((other) => other.keyword === 'minLength' && other.instancePath === instancePath);
    }
    if (keyword === 'discriminator') {
      return !others.some((other) => other.keyword === 'required' && other.instancePath === instancePath);
    }
    return true;
  });
}

function problemOf(fault: Fault, part: string): FieldProblem {
  const at = fault.instancePath.split('/').slice(1).map(unescapePointer);
  const { params } = fault;
  const named = (extra?: unknown) => [...at, ...(typeof extra === 'string' ? [extra] : [])].join('.') || part;
  switch (fault.keyword) {
    case 'required':
      // Ajv names one, TypeBox all that are missing.
      return { field: named(params.missingProperty ?? [params.requiredProperties].flat()[0]), message: 'is required' };
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const known = Object.keys((fault.parentSchema?.properties as object | undefined) ?? {});
      const hint = known.length > 0 && known.length <= 40 ? `; known are ${known.join(', ')}` : '';
      return {
        // TypeBox names all of them.
        field: named(
          params.additionalProperty ?? params.unevaluatedProperty ?? [params.additionalProperties].flat()[0],
        ),
        message: `is not a known field${hint}`,
      };
    }
    case 'discriminator':
      return { field: named(params.tag), message: refusalOf(fault) };
    default:
      return { field: named(), message: messageOf(fault, part) };
  }
}

function unescapePointer(text: string): string {
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** A schema may say in its `$comment` how it refuses. */
function refusalOf(fault: Fault): string {
  const own = fault.parentSchema?.$comment;
  return typeof own === 'string' ? own : `must be one of ${tagsOf(fault).join(', ')}`;
}

function tagsOf(fault: Fault): string[] {
  const tag = String(fault.params.tag);
  const branches = (fault.parentSchema?.oneOf ?? []) as { properties?: Record<string, { const?: unknown }> }[];
  return branches.map((branch) => String(branch.properties?.[tag]?.const));
}

function messageOf(fault: Fault, part: string): string {
  const { params } = fault;
  const limit = Number(params.limit);
  switch (fault.keyword) {
    case 'type':
      if (part === 'querystring' && Array.isArray(fault.data)) return 'must be given only once';
      return `must be ${[params.type]
        .flat()
        .map((name) => TYPE_NAMES[String(name)] ?? String(name))
        .join(' or ')}`;
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'exclusiveMinimum':
      return `must be more than ${limit}`;
    case 'exclusiveMaximum':
      return `must be less than ${limit}`;
    case 'minLength':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'minItems':
      return limit === 1 ? 'must not be empty' : `must have at least ${limit} entries`;
    case 'maxItems':
      return `must have at most ${limit} entries`;
    case 'uniqueItems':
      return 'must not name anything twice';
    case 'maxProperties':
      return `must have at most ${limit} entries`;
    case 'minProperties':
      return 'must not be empty';
    case 'format':
      return `must be ${FORMATS[String(params.format)] ?? `a valid ${String(params.format)}`}`;
    default: {
      const hint = fault.parentSchema?.description;
      return typeof hint === 'string' ? `is not valid: ${hint}` : 'is not valid';
    }
  }
}

/**
 * Refuses what PostgreSQL cannot keep (NUL characters, halves of surrogate pairs) and absurdly deep nesting.
 * @throws AppError `validation`, naming the field
 */
export function refuseUnstorable(value: unknown, path: readonly (string | number)[] = []): void {
  if (path.length > DEEPEST) throw validationError([{ field: String(path[0]), message: 'is nested too deeply' }]);
  if (typeof value === 'string') {
    const field = path.join('.') || 'body';
    if (value.includes('\0')) throw validationError([{ field, message: 'must not contain NUL characters' }]);
    if (/\p{Surrogate}/u.test(value)) throw validationError([{ field, message: 'must be well-formed Unicode' }]);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) refuseUnstorable(item, [...path, index]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      refuseUnstorable(key, path);
      refuseUnstorable(item, [...path, key]);
    }
  }
}

interface PropertySchema {
  readonly type?: unknown;
  readonly default?: unknown;
}

/**
 * A query's or a path's text as the schema's types, and its defaults. Stricter than Ajv's coercion: `0x10`, `1e3`,
 * ` 1` and `1.0` are no whole numbers. What does not fit stays text, for the validation to refuse by name.
 */
export function convertText(
  schema: { readonly properties?: Readonly<Record<string, PropertySchema>> },
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const converted: Record<string, unknown> = { ...values };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const value = values[name];
    if (value === undefined) {
      if (property.default !== undefined) converted[name] = property.default;
    } else if (typeof value === 'string') {
      converted[name] = fromText(property.type, value);
    }
  }
  return converted;
}

function fromText(type: unknown, text: string): unknown {
  if (type === 'integer' && /^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  if (type === 'number' && /^-?\d{1,16}(\.\d{1,16})?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
