import { toApiError } from '../../api/errors.ts';
import { readEvents } from '../../api/event-stream.ts';
import { authorizedFetch } from '../../api/session.ts';

/** One line of a run's log. */
export interface LogLine {
  /** Where in the log it stands; a stream goes on behind it. */
  readonly id: string;
  /** RFC 3339 */
  readonly at: string;
  readonly level: string;
  readonly stream: string;
  readonly message: string;
}

interface FollowOptions {
  readonly signal: AbortSignal;
  /** Lines that are known already: the stream begins behind this one. */
  readonly after: string | undefined;
  onOpen(): void;
  onLine(line: LogLine): void;
}

/**
 * Reads the log of a run as it is written.
 * @returns whether the log is complete; false: the connection broke, go on behind the last line
 * @throws ApiError when the server refuses or cannot be reached
 */
export async function followRunLog(runId: number, options: FollowOptions): Promise<boolean> {
  const headers = new Headers({ Accept: 'text/event-stream' });
  if (options.after !== undefined) headers.set('Last-Event-ID', options.after);
  const request = new Request(`/api/runs/${runId}/logs?follow=true`, { headers, signal: options.signal });
  const response = await authorizedFetch(request);
  if (!response.ok || !response.body) throw toApiError(response, await response.json().catch(() => undefined));
  options.onOpen();
  for await (const event of readEvents(response.body)) {
    if (event.type === 'end') return true;
    if (event.type === 'log') options.onLine({ ...JSON.parse(event.data), id: event.id });
  }
  return false;
}
