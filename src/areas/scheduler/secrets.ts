import { invalidField } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import { isSecretName, MASK } from '../../protocol/secret-names.ts';
import { hasMaskedSecret, maskUrl } from '../../protocol/secret-urls.ts';

/**
 * Secrets are write-only. A task's headers and variables with telling names, and what is secret in its URLs, are
 * answered as `***`; `***` that comes back in an update stands for what is stored.
 */

/** The spec's parts that are maps of names to values. */
const MAPS = ['headers', 'environment'] as const;

type Fields = { [key: string]: Json };

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function maskValue(name: string, value: Json): Json {
  if (isSecretName(name)) return MASK;
  return typeof value === 'string' ? maskUrl(value) : value;
}

/** `spec` as it may be shown. */
export function maskSecrets(spec: Fields): Fields {
  const shown: Fields = { ...spec };
  if (typeof spec.url === 'string') shown.url = maskUrl(spec.url);
  for (const part of MAPS) {
    const map = spec[part];
    if (!isFields(map)) continue;
    shown[part] = Object.fromEntries(Object.entries(map).map(([name, value]) => [name, maskValue(name, value)]));
  }
  return shown;
}

/** Whether a header of `spec` is shown masked, if only in part. */
export function hasSecretHeaders(spec: Fields): boolean {
  const { headers } = spec;
  return isFields(headers) && Object.entries(headers).some(([name, value]) => maskValue(name, value) !== value);
}

/**
 * `next` with what it masks put back from `stored`.
 * @throws AppError `validation` naming the field that is masked and of which nothing is stored
 */
export function restoreSecrets(next: Fields, stored: Fields): Fields {
  const restored: Fields = { ...next };
  if (typeof next.url === 'string') {
    restored.url = restoreUrl('url', next.url, typeof stored.url === 'string' ? stored.url : undefined);
  }
  for (const part of MAPS) {
    const [map, before] = [next[part], stored[part]];
    if (!isFields(map)) continue;
    const known = isFields(before) ? before : {};
    restored[part] = Object.fromEntries(
      Object.entries(map).map(([name, value]) => [name, restoreValue(part, name, value, known)]),
    );
  }
  return restored;
}

function restoreValue(part: string, name: string, value: Json, known: Fields): Json {
  const before = Object.hasOwn(known, name) ? known[name] : undefined;
  if (before !== undefined && value === maskValue(name, before)) return before;
  if (typeof value === 'string') refuseMask(`${part}.${name}`, value);
  return value;
}

/**
 * `url`, or what is stored when it is that one as it was shown.
 * @throws AppError `validation` naming `field`, for another URL with a masked secret
 */
export function restoreUrl(field: string, url: string, stored: string | undefined): string {
  if (stored !== undefined && url === maskUrl(stored)) return stored;
  refuseMask(field, url);
  return url;
}

/** @throws AppError `validation` naming `field`: taken as it is, the mask would be sent as a password */
export function refuseMask(field: string, text: string): void {
  if (text === MASK || hasMaskedSecret(text)) {
    throw invalidField(field, `${MASK} stands for a secret that is stored, and here none is; give the secret itself`);
  }
}
