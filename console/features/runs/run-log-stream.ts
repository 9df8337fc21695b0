import { payload } from '../../api/answers.ts';
import { client } from '../../api/client.ts';
import { toApiError } from '../../api/errors.ts';
import { readEvents } from '../../api/event-stream.ts';
import type { LogLine } from '../../api/model.ts';
import { authorizedFetch } from '../../api/session.ts';

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
    if (event.type === 'log') options.onLine(JSON.parse(event.data) as LogLine);
  }
  return false;
}

const PAGE_LINES = 5000;

/** All lines of a run that are kept, as text. @throws ApiError */
export async function readRunLog(runId: number): Promise<string> {
  const texts: string[] = [];
  let after: string | undefined;
  do {
    const page = await payload(
      client.GET('/api/runs/{run_id}/logs', {
        params: { path: { run_id: runId }, query: { follow: false, limit: PAGE_LINES, ...(after ? { after } : {}) } },
      }),
    );
    texts.push(...page.items.map(({ time, stream, message }) => `${time} ${stream} ${message}\n`));
    after = page.next ?? undefined;
  } while (after);
  return texts.join('');
}
