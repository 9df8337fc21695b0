/** One field of a request and what the server says is wrong with it. `field` is a dotted path. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

interface More {
  readonly requestId?: string;
  readonly details?: readonly FieldProblem[];
  readonly retryAfterMs?: number;
}

/** What the server refused or could not do, in its own words. `status` 0: it could not be reached at all. */
export class ApiError extends Error {
  readonly status: number;
  /** Finds the request in the server's log. */
  readonly requestId: string | undefined;
  readonly details: readonly FieldProblem[];
  /** When the server wants to be asked again; it has not carried the request out. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, more: More = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.requestId = more.requestId;
    this.details = more.details ?? [];
    this.retryAfterMs = more.retryAfterMs;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return isRecord(value) && typeof value.field === 'string' && typeof value.message === 'string';
}

/** A list of problems, or, as governance has them, `fields` with what is wrong by name. */
function problemsOf(details: unknown): FieldProblem[] {
  if (Array.isArray(details)) return details.filter(isFieldProblem);
  const fields = isRecord(details) && isRecord(details.fields) ? details.fields : {};
  return Object.entries(fields).map(([field, message]) => ({ field, message: String(message) }));
}

/**
 * Reads the error of an answer that is not 2xx.
 * @param body the parsed JSON, or whatever a proxy in between has sent
 */
export function toApiError(response: Response, body: unknown): ApiError {
  const fields = isRecord(body) ? body : {};
  // Some areas say what is wrong beside `error`, others in it.
  const inner = isRecord(fields.error) ? fields.error : {};
  const message = [fields.message, inner.message].find((text) => typeof text === 'string') ?? '';
  const requestId = response.headers.get('x-request-id');
  const retryAfter = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  return new ApiError(response.status, message, {
    ...(requestId === null ? {} : { requestId }),
    ...(Number.isNaN(retryAfter) ? {} : { retryAfterMs: retryAfter * 1000 }),
    details: problemsOf(inner.details ?? fields.details),
  });
}
