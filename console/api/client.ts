import createClient from 'openapi-fetch';
import { toApiError } from './errors.ts';
import type { paths } from './scheduler.gen.ts';
import { authorizedFetch } from './session.ts';

/** The scheduler's endpoints, typed by its OpenAPI document. */
export const client = createClient<paths>({ baseUrl: '/', fetch: authorizedFetch });

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * Takes the payload out of the envelope.
 * @throws ApiError when the answer is not 2xx
 */
export async function payload<T>(answer: Promise<Answer<{ data: T }>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok || data === undefined) throw toApiError(response, error);
  return data.data;
}

/** For answers without a payload (204). @throws ApiError when the answer is not 2xx */
export async function done(answer: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await answer;
  if (!response.ok) throw toApiError(response, error);
}
