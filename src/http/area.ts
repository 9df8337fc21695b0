import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { AppError } from '../kernel/errors.ts';
import type { Service } from '../kernel/service.ts';

/** The Fastify instance that areas register their routes on: handlers' types derive from the TypeBox schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** How an area's answers look where it is not a route that speaks: errors, unknown URLs. */
export interface Dialect {
  /** @param requestId what the answer's `X-Request-Id` says */
  error(error: AppError, requestId: string): object;
  /** The HTTP status, where the area's differs from the catalogue's. */
  status?(error: AppError): number;
  /** JSON Schema of the error body, for the OpenAPI document; it needs a `title`, which becomes its name there. */
  readonly errorSchema: object;
}

/**
 * One of the products, as the HTTP assembly sees it. The engine's side of an area (kinds, reports) is given to the
 * engine by the entry point; what stands here is all that HTTP needs of it.
 */
export interface Area {
  /** Names its document: `/openapi/<name>.json`. */
  readonly name: string;
  /** Of its OpenAPI document. */
  readonly title: string;
  readonly description: string;
  /** Which URLs are its own, so that an unknown one below them is refused in its dialect; the longest match wins. */
  readonly prefixes: readonly string[];
  readonly dialect: Dialect;
  /** Its background loops: started before the server listens, stopped after it has drained. */
  readonly services: readonly Service[];
  register(app: App): void;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The area that the route belongs to; set by the assembly. */
    area?: Area;
  }
}
