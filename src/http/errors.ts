import type { FastifyError, FastifySchemaValidationError } from 'fastify';
import { AppError, type ErrorCode } from '../kernel/errors.ts';
import { sqlState } from '../store/store.ts';
import { problemsOf, validationError } from './validation.ts';

const BY_STATUS: Readonly<Record<number, [ErrorCode, string]>> = {
  401: ['unauthenticated', 'Sign in, or send an API key.'],
  403: ['forbidden', 'Not permitted.'],
  404: ['not_found', 'There is nothing at this address.'],
  409: ['conflict', 'Not possible in the present state.'],
  413: ['too_large', 'The body is larger than this address accepts.'],
  429: ['rate_limited', 'Too many requests.'],
  503: ['unavailable', 'The server cannot serve this request now. Try again.'],
};

/** Two transactions that got into each other's way: nothing was written, and a repeat may succeed. */
const CONCURRENT = new Set(['40001', '40P01']);

/**
 * Values that no column of ours can hold: numbers out of range, times that no calendar has, text that is no text.
 * Schemas refuse them by name where they are known to matter; this is the net below.
 */
const UNFIT_VALUE = new Set(['22003', '22007', '22008', '22021', '22P02', '22P05']);

function isFastifyError(error: unknown): error is FastifyError & { validation?: FastifySchemaValidationError[] } {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}

/**
 * Whatever was thrown, as the one kind of error that clients see. What is unknown becomes `internal`, whose public
 * text says nothing about the fault; the original travels in `cause` to the log.
 * @param consumes the media types that the route takes
 */
export function toAppError(error: unknown, consumes: readonly string[] = ['application/json']): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof Error && 'validation' in error && Array.isArray(error.validation)) {
    const part = (error as { validationContext?: string }).validationContext ?? 'body';
    return validationError(problemsOf(error.validation as FastifySchemaValidationError[], part));
  }
  const state = sqlState(error);
  if (state !== undefined && CONCURRENT.has(state)) {
    return new AppError('unavailable', 'Somebody else changed the same thing at the same time. Try again.', {
      cause: error,
      retryAfterSeconds: 1,
    });
  }
  if (state !== undefined && UNFIT_VALUE.has(state)) {
    return new AppError('validation', 'A value in the request is out of range or has the wrong form.', {
      cause: error,
    });
  }
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (typeof status === 'number' && status >= 400 && (status < 500 || status === 503)) {
    if (status === 415) {
      return new AppError('unsupported_media_type', `Send the body as ${consumes.join(' or ')}.`, { cause: error });
    }
    const known = BY_STATUS[status];
    if (known) return new AppError(known[0], known[1], { cause: error });
    const message = isFastifyError(error) ? clientFault(error) : 'The request is malformed.';
    return new AppError('validation', message, { cause: error });
  }
  return new AppError('internal', 'Something went wrong on our side. The request id finds it in the log.', {
    cause: error,
  });
}

/** Fastify's and Node's own 400s, in words for whoever sent the request. */
function clientFault(error: FastifyError): string {
  if (error.code === 'FST_ERR_CTP_INVALID_JSON_BODY' || error.code === 'FST_ERR_CTP_EMPTY_JSON_BODY') {
    return 'The body is not valid JSON.';
  }
  if (error.code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') return 'The body is not as long as Content-Length says.';
  if (error.code === 'FST_ERR_BAD_URL') return 'The address is not a valid URL.';
  return 'The request is malformed.';
}
