import { type TProperties, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { problemsOf, validationError } from '../../../http/validation.ts';
import { invalidField } from '../../../kernel/errors.ts';
import { numberOf } from '../ids.ts';
import { CHANNELS, EVENT_TYPES, type EventType, typesOn, wantedOf } from './channels.ts';
import type { Request } from './subscription.ts';

/** What a client may say, understood. */
export type ClientMessage =
  | { readonly type: 'subscribe'; readonly request: Request; readonly since: number | undefined }
  /** `jobId` undefined: all that it has on the channel. */
  | { readonly type: 'unsubscribe'; readonly channel: Request['channel']; readonly jobId: number | undefined }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' };

const Channel = Type.Enum([...CHANNELS]);
const JobId = Type.Optional(Type.String({ pattern: '^job_[1-9][0-9]{0,14}$' }));

const SCHEMAS = {
  subscribe: Type.Object(
    {
      channel: Channel,
      filters: Type.Optional(
        Type.Object(
          {
            job_id: JobId,
            event_types: Type.Optional(
              Type.Array(Type.Enum([...EVENT_TYPES]), { minItems: 1, maxItems: EVENT_TYPES.length }),
            ),
          },
          { additionalProperties: false },
        ),
      ),
      since: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    },
    { additionalProperties: false },
  ),
  unsubscribe: Type.Object(
    {
      channel: Channel,
      filters: Type.Optional(Type.Object({ job_id: JobId }, { additionalProperties: false })),
    },
    { additionalProperties: false },
  ),
} as const;

const Subscribe = Compile(SCHEMAS.subscribe);
const Unsubscribe = Compile(SCHEMAS.unsubscribe);
const KNOWN = ['type', 'payload', 'timestamp'];
const TYPES = ['subscribe', 'unsubscribe', 'ping', 'pong'];

/**
 * @param text a whole message
 * @throws AppError `validation` that names the field, such as `payload.channel`
 */
export function parseClientMessage(text: string): ClientMessage {
  const { type, payload } = envelopeOf(text);
  switch (type) {
    case 'subscribe': {
      const { channel, filters = {}, since } = checked(Subscribe, payload);
      const request = {
        channel,
        jobId: filters.job_id === undefined ? null : numberOf('job', filters.job_id),
        wanted: filters.event_types && wantedOf(typesFor(channel, filters.event_types)),
      };
      return { type, request, since };
    }
    case 'unsubscribe': {
      const { channel, filters = {} } = checked(Unsubscribe, payload);
      const jobId = filters.job_id === undefined ? undefined : numberOf('job', filters.job_id);
      return { type, channel, jobId };
    }
    case 'ping':
    case 'pong':
      return { type };
    default:
      throw invalidField('type', `must be one of ${TYPES.join(', ')}`);
  }
}

function envelopeOf(text: string): { readonly type: unknown; readonly payload: unknown } {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw invalidField('message', 'must be JSON');
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw invalidField(
      'message',
      'must be an object such as {"type":"subscribe","payload":{"channel":"sync_updates"}}',
    );
  }
  const unknown = Object.keys(message).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw invalidField(unknown, `is unknown; known are ${KNOWN.join(', ')}`);
  const { type, payload = {} } = message as { type?: unknown; payload?: unknown };
  return { type, payload };
}

function checked<Schema extends TSchema>(validator: Validator<TProperties, Schema>, payload: unknown) {
  if (validator.Check(payload)) return payload;
  const problems = problemsOf(validator.Errors(payload), 'payload').map(({ field, message }) => ({
    field: field === 'payload' ? field : `payload.${field}`,
    message,
  }));
  throw validationError(problems);
}

function typesFor(channel: Request['channel'], types: readonly EventType[]): readonly EventType[] {
  const possible = typesOn(channel);
  const foreign = types.find((type) => !possible.includes(type));
  if (foreign === undefined) return types;
  throw invalidField(
    'payload.filters.event_types',
    `${foreign} is not on ${channel}; ${possible.join(', ')} ${possible.length === 1 ? 'is' : 'are'}`,
  );
}
