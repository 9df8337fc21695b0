import { toApiError } from './errors.ts';

/** What openapi-fetch gives for a request, whichever area it went to. */
export interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** The answer's body. @throws ApiError when it is not 2xx */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok || data === undefined) throw toApiError(response, error);
  return data;
}

/** What an envelope holds, where the area has one. @throws ApiError when the answer is not 2xx */
export async function payload<T>(answer: Promise<Answer<{ data: T }>>): Promise<T> {
  return (await body(answer)).data;
}

/** For answers without a body (204). @throws ApiError when the answer is not 2xx */
export async function done(answer: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await answer;
  if (!response.ok) throw toApiError(response, error);
}
