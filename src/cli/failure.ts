import { AppError, type ErrorCode, type FieldProblem, UsageError } from '../kernel/errors.ts';
import { EXIT_CODES, type Exit } from './exit-codes.ts';

interface FailureDetails {
  readonly details?: readonly FieldProblem[];
  readonly requestId?: string | undefined;
  /** The HTTP status, when a server answered. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** A command that did not do what it was asked for, in words for the person at the terminal. */
export class CliFailure extends Error {
  readonly exit: Exit;
  readonly details: readonly FieldProblem[];
  readonly requestId: string | undefined;
  readonly status: number | undefined;

  constructor(exit: Exit, message: string, options: FailureDetails = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CliFailure';
    this.exit = exit;
    this.details = options.details ?? [];
    this.requestId = options.requestId;
    this.status = options.status;
  }
}

const EXIT_OF_CODE: Partial<Record<ErrorCode, Exit>> = {
  validation: 'usage',
  too_large: 'usage',
  unsupported_media_type: 'usage',
  unauthenticated: 'forbidden',
  forbidden: 'forbidden',
  not_found: 'notFound',
  conflict: 'conflict',
  unavailable: 'unreachable',
};

/** The exit that a server's answer means. */
export function exitOfStatus(status: number): Exit {
  if (status === 401 || status === 403) return 'forbidden';
  if (status === 404) return 'notFound';
  if (status === 409) return 'conflict';
  if (status >= 502 && status <= 504) return 'unreachable';
  return status >= 400 && status < 500 && status !== 429 ? 'usage' : 'failed';
}

/** The code that the process ends with after `error`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliFailure) return EXIT_CODES[error.exit].code;
  if (error instanceof UsageError) return EXIT_CODES.usage.code;
  if (error instanceof AppError) return EXIT_CODES[EXIT_OF_CODE[error.code] ?? 'failed'].code;
  return EXIT_CODES.failed.code;
}

/**
 * The lines that a person reads: the message, what is wrong with which field, and the request id that finds it in the
 * server's log. A stack only for what nobody foresaw.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof CliFailure || error instanceof AppError) {
    const lines = [error.message];
    for (const { field, message } of error.details) {
      const line = `${field}: ${message}`;
      if (!error.message.includes(line)) lines.push(`  ${line}`);
    }
    if (error instanceof CliFailure && error.requestId) lines.push(`  (request ${error.requestId})`);
    return lines.join('\n');
  }
  if (error instanceof UsageError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
