import { type Static, type TSchema, Type } from 'typebox';

/**
 * What a job of the datasync area is made of: connector → transformations → destination. These schemas are the API's,
 * the console's forms' and the executor's. Secrets are write-only: what `Secret` marks is kept in the vault and resolved
 * when a run is leased.
 */

export const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\p{Cc}]+$' });
export const Url = Type.String({ pattern: '^https?://\\S+$', maxLength: 2000, description: 'An http or https URL.' });

/**
 * One of several objects, told apart by one field: what is wrong with one is then told of that one alone.
 * @param refusal what to say of a type that is none of them; a list of them unless told
 * @param tag the field that tells
 */
export function tagged<const V extends readonly TSchema[]>(variants: V, refusal?: string, tag = 'type') {
  return Type.Unsafe<Static<V[number]>>({
    type: 'object',
    discriminator: { propertyName: tag },
    required: [tag],
    ...(refusal === undefined ? {} : { $comment: refusal }),
    oneOf: variants,
  });
}

/** Text that is never shown again. */
export const Secret = (description: string) =>
  Type.String({ minLength: 1, maxLength: 10_000, format: 'password', writeOnly: true, description });
export const Closed = <P extends Record<string, TSchema>>(title: string, properties: P) =>
  Type.Object(properties, { additionalProperties: false, title });
export const Texts = (description: string) =>
  Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 10_000 }), { description });
export const Pointer = Type.String({
  maxLength: 1000,
  pattern: '^(/.*)?$',
  description: 'JSON Pointer (RFC 6901); empty is the whole answer.',
});
/** A table or column as the destination knows it; quoted, never interpreted. */
export const Identifier = Type.String({ minLength: 1, maxLength: 63, pattern: '^[^\\p{Cc}]+$' });
