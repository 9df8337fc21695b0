import { AppError } from '../../../kernel/errors.ts';
import type { Logger } from '../../../kernel/logger.ts';
import { datasyncDialect } from '../dialect.ts';
import { parseClientMessage } from './client-message.ts';
import { CLOSE_POLICY, type Client, type Connection } from './connection.ts';
import type { LiveHub } from './hub.ts';

/** Messages of one client that wait for their turn; then it is not read on. */
const MOST_WAITING = 64;

/** Takes a client in, and answers what it says, one message after the other. */
export function converse(hub: LiveHub, client: Client, logger: Logger): void {
  const { ws } = client;
  const connection = hub.open(client);
  let waiting = 0;
  let turn = Promise.resolve();
  const inTurn = (answer: () => void) => {
    connection.heardAt = performance.now();
    waiting += 1;
    if (waiting === MOST_WAITING) ws.pause();
    turn = turn
      .then(async () => {
        if (!connection.isOpen) return;
        if (await client.mayTalk()) answer();
        else connection.close(CLOSE_POLICY, 'Too many messages');
      })
      .catch((error: unknown) => logger.error({ err: error }, 'a message of a client could not be answered'))
      .finally(() => {
        waiting -= 1;
        if (waiting === 0 && ws.isPaused) ws.resume();
      });
  };
  ws.on('message', (data: Buffer, isBinary) => inTurn(() => answerMessage(hub, connection, isBinary ? null : data)));
  // By hand, and counted: whoever pings without reading would fill our memory with answers.
  ws.on('ping', (data) => inTurn(() => ws.pong(data)));
  ws.on('pong', () => {
    connection.heardAt = performance.now();
  });
  // What breaks a socket (a frame that is none, a message too long, a client that vanished) closes it.
  ws.on('error', (error) => logger.debug({ err: error }, 'a socket broke'));
}

/** @param text null = what came is no text */
function answerMessage(hub: LiveHub, connection: Connection, text: Buffer | null): void {
  try {
    if (!text) throw new AppError('validation', 'Messages must be JSON text.');
    answer(hub, connection, text.toString());
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, details } = errorBody(error);
    connection.say('error', { code, message, field: error.details[0]?.field ?? null, details });
  }
}

function answer(hub: LiveHub, connection: Connection, text: string): void {
  const message = parseClientMessage(text);
  switch (message.type) {
    case 'subscribe':
      hub.subscribe(connection, message.request, message.since);
      break;
    case 'unsubscribe': {
      const ended = hub.unsubscribe(connection, message.channel, message.jobId);
      connection.say('unsubscribed', { channel: message.channel, subscriptions: ended });
      break;
    }
    case 'ping':
      connection.say('pong', {});
      break;
    case 'pong':
      break;
  }
}

/** As the area's answers have errors. */
function errorBody(error: AppError): { code: string; message: string; details: readonly object[] } {
  const { error: body } = datasyncDialect.error(error, '') as { error: ReturnType<typeof errorBody> };
  return body;
}
