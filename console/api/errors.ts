/** One field of a request and what the server says is wrong with it. `field` is a dotted path. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** What the server refused or could not do, in its own words. `status` 0: it could not be reached at all. */
export class ApiError extends Error {
  readonly status: number;
  /** Finds the request in the server's log. */
  readonly requestId: string | undefined;
  readonly details: readonly FieldProblem[];

  constructor(status: number, message: string, requestId?: string, details: readonly FieldProblem[] = []) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.requestId = requestId;
    this.details = details;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return isRecord(value) && typeof value.field === 'string' && typeof value.message === 'string';
}

/**
 * Reads the error of an answer that is not 2xx.
 * @param body the parsed JSON, or whatever a proxy in between has sent
 */
export function toApiError(response: Response, body: unknown): ApiError {
  const fields = isRecord(body) ? body : {};
  const message = typeof fields.message === 'string' ? fields.message : '';
  const details = isRecord(fields.error) ? fields.error.details : [];
  return new ApiError(
    response.status,
    message,
    response.headers.get('x-request-id') ?? undefined,
    Array.isArray(details) ? details.filter(isFieldProblem) : [],
  );
}
