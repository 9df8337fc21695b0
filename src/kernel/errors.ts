/**
 * The one catalogue of errors. Each entry is public: its code and meaning stand in docs/errors.md, and a test holds
 * the two against each other. What only an operator may know travels in `cause`, which is logged and never sent.
 */
export const ERROR_CATALOGUE = {
  validation: { status: 400, title: 'The request is malformed; `details` names the field and the mend.' },
  unauthenticated: { status: 401, title: 'No identity, or one that is unknown, expired or revoked.' },
  forbidden: { status: 403, title: 'The identity lacks the permission that the route requires.' },
  not_found: { status: 404, title: 'There is no such thing, or it is not yours.' },
  method_not_allowed: {
    status: 405,
    title: 'The address exists, but not for this method; `Allow` names those it has.',
  },
  conflict: { status: 409, title: 'Not possible in the present state.' },
  too_large: { status: 413, title: 'The body is larger than the route accepts.' },
  unsupported_media_type: { status: 415, title: 'The content type is not one that the route accepts.' },
  rate_limited: { status: 429, title: 'Too many requests; `Retry-After` says when to come back.' },
  internal: { status: 500, title: 'A fault of ours. The request id finds it in the log.' },
  unavailable: { status: 503, title: 'A dependency (the database) is down; the request was not carried out.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** One field of a request and what is wrong with it. `field` is a dotted path, such as `connector.type`. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

interface AppErrorOptions {
  readonly details?: readonly FieldProblem[];
  readonly cause?: unknown;
  readonly retryAfterSeconds?: number;
}

/** An error that a client may see: `message` is public text; `cause` is not. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly FieldProblem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }
}

/** A request whose `field` is wrong; `message` says what would be right. */
export function invalidField(field: string, message: string): AppError {
  return new AppError('validation', `${field}: ${message}`, { details: [{ field, message }] });
}

export function notFound(what: string): AppError {
  return new AppError('not_found', `${what} not found`);
}

/**
 * A setting or a command line that cannot work. The entry prints `message` alone, without a stack, and ends with
 * exit code 2: the message must name the setting and the mend in one line.
 */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
