import { sleep } from '../../kernel/clock.ts';
import type { Client } from './client.ts';
import { isAway, patiently } from './patience.ts';

/** A run as the scheduler area shows it; only what the commands read. */
export interface RunView {
  readonly id: number;
  readonly task_id: number | null;
  readonly task_name: string;
  readonly status: string;
  readonly attempt: number;
  readonly worker_id: string | null;
  readonly start_time: string | null;
  readonly end_time: string | null;
  readonly duration_seconds: number | null;
  readonly exit_code: number | null;
  readonly error_message: string | null;
}

export interface LogLineView {
  readonly time: string;
  readonly level: string;
  readonly stream: string;
  readonly message: string;
}

/** Lines of a log, oldest first; `next` is the `after` of the following page. */
export interface LogPage {
  readonly items: readonly LogLineView[];
  readonly next: string | null;
}

const runPath = (id: number) => `/api/runs/${id}`;

/** Resolves with the run once it has ended, whatever its outcome. */
export async function waitForRun(client: Client, id: number, signal: AbortSignal): Promise<RunView> {
  for (let pauseMs = 100; ; pauseMs = Math.min(1000, pauseMs * 1.5)) {
    const run = await patiently(signal, () => client.request<RunView>('GET', runPath(id), { signal }));
    if (run.end_time !== null) return run;
    signal.throwIfAborted();
    await sleep(pauseMs, signal);
  }
}

/**
 * Hands over the run's log lines as they come, and resolves with the run when it has ended. A broken stream is taken
 * up again behind the last line that came.
 */
export async function followRun(
  client: Client,
  id: number,
  onLine: (line: LogLineView) => void,
  signal: AbortSignal,
): Promise<RunView> {
  let lastEventId: string | undefined;
  for (;;) {
    try {
      const stream = client.events(`${runPath(id)}/logs?follow=true`, { signal, lastEventId });
      for await (const { event, data, id: eventId } of stream) {
        lastEventId = eventId ?? lastEventId;
        if (event === 'log') onLine(JSON.parse(data) as LogLineView);
        if (event === 'end') return JSON.parse(data) as RunView;
      }
    } catch (error) {
      if (!isAway(error)) throw error;
    }
    // The stream broke, or its server is going away: on behind the last line that came.
    signal.throwIfAborted();
    await sleep(500, signal);
    await patiently(signal, () => client.request('GET', runPath(id), { signal }));
  }
}
