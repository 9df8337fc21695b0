import { useEffect, useState } from 'react';
import { ApiError } from '../../api/errors.ts';
import type { LogLine } from '../../api/model.ts';
import { followRunLog } from './run-log-stream.ts';

/** Most lines that are shown: a browser can draw no more without getting slow. */
export const SHOWN_LINES = 5000;
const RECONNECT_MS = 2000;

export interface RunLogState {
  readonly lines: readonly LogLine[];
  /** Whether earlier lines were left out. */
  readonly cut: boolean;
  readonly phase: 'connecting' | 'live' | 'reconnecting' | 'complete' | 'refused';
  readonly error: unknown;
}

const EMPTY: RunLogState = { lines: [], cut: false, phase: 'connecting', error: undefined };

function append(state: RunLogState, lines: readonly LogLine[]): RunLogState {
  const all = [...state.lines, ...lines];
  return { ...state, lines: all.slice(-SHOWN_LINES), cut: state.cut || all.length > SHOWN_LINES };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Follows the log of a run for as long as it is shown; a broken connection goes on behind the last line. */
export function useRunLog(runId: number, onComplete: () => void): RunLogState {
  const [state, setState] = useState(EMPTY);

  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    let after: string | undefined;
    let arrived: LogLine[] = [];
    let frame = 0;
    setState(EMPTY);

    // A run can write thousands of lines a second: one drawing a frame takes all that came since the last.
    const flush = () => {
      frame = 0;
      const lines = arrived;
      arrived = [];
      if (lines.length > 0) setState((current) => append(current, lines));
    };
    const enter = (phase: RunLogState['phase'], error?: unknown) => {
      if (signal.aborted) return;
      flush();
      setState((current) => ({ ...current, phase, error }));
    };

    const follow = async () => {
      while (!signal.aborted) {
        try {
          const complete = await followRunLog(runId, {
            signal,
            after,
            onOpen: () => enter('live'),
            onLine: (line) => {
              after = line.id;
              arrived.push(line);
              frame ||= requestAnimationFrame(flush);
            },
          });
          if (complete) {
            enter('complete');
            onComplete();
            return;
          }
          enter('reconnecting');
        } catch (error) {
          // Refused for good, unless it is only us who cannot reach it or it that is not well.
          const passing = !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
          enter(passing ? 'reconnecting' : 'refused', passing ? undefined : error);
          if (!passing) return;
        }
        await pause(RECONNECT_MS, signal);
      }
    };
    void follow();
    return () => {
      gone.abort();
      cancelAnimationFrame(frame);
    };
  }, [runId, onComplete]);

  return state;
}
