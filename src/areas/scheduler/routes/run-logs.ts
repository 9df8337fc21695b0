import { type Static, Type } from 'typebox';
import type { RunLogLine } from '../../../engine/model.ts';
import { levelsFrom, logsAfter } from '../../../engine/queries/log.ts';
import { getRun } from '../../../engine/runs.ts';
import { TERMINAL } from '../../../engine/states.ts';
import type { App } from '../../../http/area.ts';
import { lastEventId, type StreamEvent, sendEvents } from '../../../http/event-stream.ts';
import { rfc3339 } from '../../../kernel/clock.ts';
import { invalidField } from '../../../kernel/errors.ts';
import { LOG_LINE_LEVELS, LOG_STREAMS, type LogLineLevel } from '../../../protocol/executor.ts';
import { runAnswer } from '../answers.ts';
import type { SchedulerDeps } from '../deps.ts';
import { envelope, success } from '../dialect.ts';
import { Id, Time } from '../schemas.ts';
import { AREA } from '../tasks.ts';

const LogLineAnswer = Type.Object(
  {
    id: Type.String({ description: 'Its place in the log; send it as `after` to go on from there.' }),
    time: Time,
    level: Type.Enum([...LOG_LINE_LEVELS]),
    stream: Type.Enum([...LOG_STREAMS]),
    message: Type.String(),
  },
  { title: 'LogLine' },
);
type LogLineAnswer = Static<typeof LogLineAnswer>;

/** A place in a run's log: the epoch of the lease that wrote the line, and the line's number within it. */
interface Place {
  readonly epoch: number;
  readonly seq: number;
}

const BEGINNING: Place = { epoch: 0, seq: 0 };
const STREAM_BATCH = 500;
/** Hints may be lost: a follower looks this often anyway. */
const POLL_MS = 1000;

function placeOf(id: string): Place | undefined {
  const [, epoch, seq] = /^(\d{1,9})-(\d{1,9})$/.exec(id) ?? [];
  return epoch === undefined || seq === undefined ? undefined : { epoch: Number(epoch), seq: Number(seq) };
}

function lineAnswer(line: RunLogLine): LogLineAnswer {
  const { level, stream, message } = line as RunLogLine & Pick<LogLineAnswer, 'level' | 'stream'>;
  return { id: `${line.epoch}-${line.seq}`, time: rfc3339(line.at), level, stream, message };
}

/** Lines as they are written, from `place` on; ends with an `end` event when the run has ended. */
async function* follow(
  { store, logsWritten }: SchedulerDeps,
  runId: number,
  from: { place: Place; levels: readonly LogLineLevel[] | null },
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  let { place } = from;
  while (!signal.aborted) {
    const hint = logsWritten.next;
    // Before the lines: those of a run that has ended by now are all there.
    const run = await getRun(store, AREA, runId);
    const lines = await logsAfter(store, runId, place, STREAM_BATCH, from.levels);
    for (const line of lines) {
      place = line;
      const answer = lineAnswer(line);
      yield { id: answer.id, event: 'log', data: answer };
    }
    if (lines.length === STREAM_BATCH) continue;
    if (TERMINAL.some((state) => state === run.state)) {
      yield { event: 'end', data: runAnswer(run) };
      return;
    }
    await logsWritten.wait(hint, POLL_MS, signal);
  }
}

export function registerRunLogRoutes(app: App, deps: SchedulerDeps): void {
  app.get(
    '/api/runs/:run_id/logs',
    {
      config: { access: 'scheduler_view' },
      schema: {
        summary: "Read a run's log, or follow it",
        description:
          'With `follow=true` the answer is a stream of server-sent events: `log`, each with a line, and at last `end`, with the run. A client that reconnects with `Last-Event-ID` misses nothing.',
        tags: ['runs'],
        params: Type.Object({ run_id: Id }),
        querystring: Type.Object({
          follow: Type.Boolean({ default: false }),
          level: Type.Optional(Type.Enum([...LOG_LINE_LEVELS], { description: 'The least level.' })),
          after: Type.Optional(Type.String({ description: 'Only lines after the one with this id.' })),
          limit: Type.Integer({ minimum: 1, maximum: 5000, default: 1000 }),
        }),
        response: {
          200: envelope(
            Type.Object({
              items: Type.Array(LogLineAnswer),
              next: Type.Union([Type.String(), Type.Null()], {
                description: 'The `after` of the next page; null when no line was left.',
              }),
            }),
            'Lines, oldest first.',
          ),
        },
      },
    },
    async (request, reply) => {
      const { run_id } = request.params;
      const { follow: following, level, after, limit } = request.query;
      const levels = levelsFrom(level);
      const given = after === undefined ? BEGINNING : placeOf(after);
      if (!given) throw invalidField('after', 'must be the id of a line');
      await getRun(deps.store, AREA, run_id);
      if (following && request.method === 'GET') {
        const place = lastEventId(request, placeOf) ?? given;
        return sendEvents(request, reply, {
          source: (signal) => follow(deps, run_id, { place, levels }, signal),
          closing: app.closing,
        });
      }
      const lines = await logsAfter(deps.store, run_id, given, limit + 1, levels);
      const items = lines.slice(0, limit).map(lineAnswer);
      return success({ items, next: lines.length > limit ? (items.at(-1)?.id ?? null) : null });
    },
  );
}
