import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { ExecutorError, type Json } from '../../../protocol/executor.ts';

/**
 * Makes a function that takes what a run was given for what `schema` says. The server has checked it when the task was
 * written; but another version of the server may have had another schema.
 * @returns a function that throws ExecutorError, not retryable
 */
export function specParser<T extends TSchema>(schema: T): (spec: Json) => Static<T> {
  const validator = Compile(schema);
  return (spec) => {
    if (validator.Check(spec)) return spec;
    const [problem] = validator.Errors(spec);
    const where = problem?.instancePath ? `${problem.instancePath} ` : '';
    throw new ExecutorError(`the task does not fit this worker: ${where}${problem?.message ?? ''}`, {
      retryable: false,
    });
  };
}
