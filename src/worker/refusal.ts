import { AppError } from '../kernel/errors.ts';

/** SQLSTATE classes "data exception" and "program limit exceeded": the same again will be refused again. */
const REFUSED_BY_DATABASE = /^(22|54)/;

/** Whether the other side understood and said no, so that sending the same again is of no use. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof AppError) return ['validation', 'too_large', 'unsupported_media_type'].includes(error.code);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && REFUSED_BY_DATABASE.test(code);
}
