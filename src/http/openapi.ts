import swagger from '@fastify/swagger';
import type { FastifyContextConfig } from 'fastify';
import type { Logger } from '../kernel/logger.ts';
import { packageVersion } from '../kernel/package.ts';
import type { App, Area } from './area.ts';
import { createFastify } from './fastify.ts';

type Node = Record<string, unknown>;

/** The codes of `docs/errors.md` that every protected route can answer, beside those of its own. */
const COMMON_ERRORS: Readonly<Record<string, string>> = {
  400: 'The request is malformed; the answer names the field.',
  401: 'No identity, or one that is unknown, expired or revoked.',
  403: 'The identity lacks the permission.',
  429: 'Too many requests; `Retry-After` says when to come back.',
  503: 'A dependency is down; the request was not carried out.',
};

/** Collects the routes that `app` (an area's own scope) registers from here on; `app.swagger()` makes the document. */
export async function collectDocument(app: App, area: Area): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: area.title, description: area.description, version: packageVersion },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An access token, or an API key (`sk_…`).' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        },
      },
    },
    stripBasePath: false,
    transform: ({ schema, url, route }) => ({ url, schema: describe({ ...schema }, area, route.config ?? {}) }),
    transformObject: (document) =>
      'openapiObject' in document ? nameSchemas(document.openapiObject) : document.swaggerObject,
  });
}

/**
 * An area's document, made without serving it.
 * @returns OpenAPI 3.1, as `/openapi/<name>.json` has it
 */
export async function documentOf(area: Area, logger: Logger): Promise<object> {
  const app = createFastify(logger);
  await collectDocument(app, area);
  area.register(app);
  await app.ready();
  return app.swagger();
}

/** Adds what follows from a route's config: its security, the errors that any such route may answer, a raw body. */
function describe(schema: Node, area: Area, { access, rawBody }: FastifyContextConfig): Node {
  const open = access === 'public';
  const errors = Object.entries(COMMON_ERRORS).filter(([code]) => !open || !['401', '403'].includes(code));
  const answers = (schema.response ?? {}) as Node;
  const content = { 'application/json': { schema: area.dialect.errorSchema } };
  const common = Object.fromEntries(errors.map(([code, description]) => [code, { description, content }]));
  const permission = Array.isArray(access) ? access.join(', ') : String(access);
  return {
    ...schema,
    ...(rawBody ? { consumes: rawBody.consumes, body: rawBody.schema } : {}),
    security: open ? [] : [{ bearer: [] }, { apiKey: [] }],
    ...(open
      ? {}
      : { description: [schema.description, `Permission: \`${permission}\`.`].filter(Boolean).join('\n\n') }),
    response: { ...answers, ...Object.fromEntries(Object.entries(common).filter(([code]) => !(code in answers))) },
  };
}

/**
 * Moves every schema that has a `title` to `components/schemas`, under that title, and refers to it: documents and
 * generated clients then speak of `Task` and `Run`, and each shape stands once.
 * @throws Error when two different schemas bear one title
 */
export function nameSchemas<Document extends object>(document: Document): Document {
  const named = new Map<string, string>();
  const schemas: Node = {};
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const { title, ...rest } = value as Node;
    const visited = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, visit(item)]));
    if ('discriminator' in rest)
      visited.discriminator = { ...(visited.discriminator as Node), mapping: mappingOf(rest) };
    if (typeof title !== 'string' || !('type' in rest || 'oneOf' in rest || 'anyOf' in rest)) {
      return title === undefined ? visited : { title: visit(title), ...visited };
    }
    const text = JSON.stringify(visited);
    const known = named.get(title);
    if (known !== undefined && known !== text) throw new Error(`Two schemas are called ${title}`);
    named.set(title, text);
    schemas[title] = visited;
    return { $ref: `#/components/schemas/${title}` };
  };
  const { components, ...rest } = document as { components?: Node };
  const changed = visit(rest) as Document;
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...changed, components: { ...components, schemas: sorted } };
}

/**
 * Which value of the discriminator means which named schema. Without it OpenAPI takes the schemas' names for the
 * values; the validator reads it off the branches and refuses to be told.
 */
function mappingOf(schema: Node): Node {
  const { discriminator, oneOf } = schema as { discriminator: { propertyName: string }; oneOf: Node[] };
  return Object.fromEntries(
    oneOf.map(({ title, properties }) => {
      // The document generator has made an enum of one of what was a constant.
      const { enum: [value] = [] } =
        (properties as Record<string, { enum?: string[] }>)[discriminator.propertyName] ?? {};
      if (value === undefined) throw new Error(`The branch ${title} has no ${discriminator.propertyName} of its own`);
      return [value, `#/components/schemas/${title}`];
    }),
  );
}
