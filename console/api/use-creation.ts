import { type UseMutationOptions, type UseMutationResult, useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import { retryQuery } from './query-client.ts';

/** What a request that creates or starts something carries, so that the server carries it out once. */
export type CreationHeaders = { readonly 'Idempotency-Key': string };

interface Creation<Input> {
  readonly input: Input;
  readonly headers: CreationHeaders;
}

/** Of 128 random bits. `crypto.randomUUID` is there on https and localhost only, and a console may be on neither. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A mutation that is called with what to create. */
export interface CreationResult<Output, Input> extends Pick<UseMutationResult<Output>, 'isPending' | 'error'> {
  /** What is being created, or was last. */
  readonly input: Input | undefined;
  mutate(input: Input, options?: { onSuccess?(output: Output): void; onError?(error: Error): void }): void;
  mutateAsync(input: Input): Promise<Output>;
}

/**
 * A mutation that creates or starts something. Its key is the same for every try of the same input until one has
 * succeeded, by machine or by hand: when an answer was lost, asking again makes nothing twice. So it is also tried
 * again when the server could not be reached, which other mutations are not.
 */
export function useCreation<Output, Input>(
  create: (input: Input, headers: CreationHeaders) => Promise<Output>,
  options: Pick<UseMutationOptions<Output, Error, Creation<Input>>, 'onSettled'> = {},
): CreationResult<Output, Input> {
  const pending = useRef<{ readonly text: string; readonly key: string }>(undefined);
  const mutation = useMutation<Output, Error, Creation<Input>>({
    mutationFn: ({ input, headers }) => create(input, headers),
    retry: retryQuery,
    ...options,
    onSuccess: () => {
      pending.current = undefined;
    },
  });
  const keyed = (input: Input): Creation<Input> => {
    const text = JSON.stringify(input);
    if (pending.current?.text !== text) pending.current = { text, key: randomKey() };
    return { input, headers: { 'Idempotency-Key': pending.current.key } };
  };
  return {
    isPending: mutation.isPending,
    error: mutation.error,
    input: mutation.variables?.input,
    mutate: (input, { onSuccess, onError } = {}) =>
      mutation.mutate(keyed(input), {
        ...(onSuccess ? { onSuccess: (output: Output) => onSuccess(output) } : {}),
        ...(onError ? { onError: (error: Error) => onError(error) } : {}),
      }),
    mutateAsync: (input) => mutation.mutateAsync(keyed(input)),
  };
}
