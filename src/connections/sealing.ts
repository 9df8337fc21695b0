import { invalidField } from '../kernel/errors.ts';
import type { Json } from '../protocol/executor.ts';
import { MASK } from '../protocol/secret-names.ts';
import { isReservedKey, isSecretRef, reservedKey, type SecretRef, shownText } from '../protocol/secret-refs.ts';
import { hasMaskedSecret } from '../protocol/secret-urls.ts';

/**
 * Says which values of a definition are secrets.
 * @param path of the value within the definition, such as `['headers', 'Authorization']`
 * @returns what answers show in its place: the mask, or, of a URL with secrets in it, `shownUrl`; undefined for what is
 *   no secret
 */
export type ShownForm = (path: readonly string[], value: Json) => string | undefined;

/** Takes a secret's value, and gives what stands for it; see SecretDraft. */
export type SecretSeal = (value: Json, shown: string) => SecretRef;

interface Sealing {
  readonly shownForm: ShownForm;
  readonly seal: SecretSeal;
}

/**
 * `next` with its secrets sealed. Where it holds what was answered for a stored secret (`***`), that one stays. A place
 * is known by its path: a secret does not follow when its field moves.
 *
 * What is kept goes wherever `next` now says. Where that may be another server than before, give as `stored` only what
 * that server may have: who may change a definition must not thereby read its secrets.
 * @param next from a client; parts of `stored` itself may stand in it
 * @param stored the definition that it replaces, sealed or from before there was a vault; null for a new one
 * @throws AppError `validation` naming the field: a mask of which nothing is stored, or a reference
 */
export function sealSecrets(next: Json, stored: Json, sealing: Sealing): Json {
  return sealAt([], next, stored, sealing);
}

function sealAt(path: readonly string[], next: Json, stored: Json | undefined, sealing: Sealing): Json {
  if (isSecretRef(next)) {
    // The very same object: no client can send that.
    if (next === stored) return next;
    throw reservedKey(path.join('.'));
  }
  if (isSecretRef(stored) && next === shownText(stored)) return stored;
  const { shownForm, seal } = sealing;
  const before = stored === undefined || isSecretRef(stored) ? undefined : shownForm(path, stored);
  if (before !== undefined && stored !== undefined && next === before) return seal(stored, before);
  const shown = shownForm(path, next);
  if (shown !== undefined) {
    if (typeof next === 'string') refuseMask(path, next);
    return seal(next, shown);
  }
  if (Array.isArray(next)) {
    const known = Array.isArray(stored) ? stored : [];
    return next.map((part, index) => sealAt([...path, String(index)], part, known[index], sealing));
  }
  return typeof next === 'object' && next !== null ? sealFields(path, next, stored, sealing) : next;
}

function sealFields(
  path: readonly string[],
  next: { [key: string]: Json },
  stored: Json | undefined,
  sealing: Sealing,
): Json {
  const known = typeof stored === 'object' && stored !== null && !Array.isArray(stored) ? stored : {};
  const entries = Object.entries(next).map(([key, part]): [string, Json] => {
    if (isReservedKey(key)) throw reservedKey(path.join('.'));
    const before = Object.hasOwn(known, key) ? known[key] : undefined;
    return [key, sealAt([...path, key], part, before, sealing)];
  });
  return Object.fromEntries(entries);
}

/** A stored definition as it may be shown, be it sealed or from before there was a vault. */
export function showSecrets(stored: Json, shownForm: ShownForm, path: readonly string[] = []): Json {
  if (isSecretRef(stored)) return shownText(stored);
  const shown = shownForm(path, stored);
  if (shown !== undefined) return shown;
  if (Array.isArray(stored)) return stored.map((part, index) => showSecrets(part, shownForm, [...path, String(index)]));
  if (typeof stored !== 'object' || stored === null) return stored;
  const entries = Object.entries(stored);
  return Object.fromEntries(entries.map(([key, part]) => [key, showSecrets(part, shownForm, [...path, key])]));
}

/** Taken as it is, the mask would be sent as a password. */
function refuseMask(path: readonly string[], text: string): void {
  if (text === MASK || hasMaskedSecret(text)) {
    throw invalidField(
      path.join('.'),
      `${MASK} stands for a secret that is stored, and here none is; give the secret itself`,
    );
  }
}
