import type { Json } from '../../protocol/executor.ts';
import { isSecretName, MASK } from '../../protocol/secret-names.ts';

/**
 * Secrets are write-only. A task's headers and variables with telling names, and passwords in its URL, are answered
 * as `***`; `***` that comes back in an update stands for what is stored.
 */

/** The spec's parts that are maps of names to values. */
const MAPS = ['headers', 'environment'] as const;

type Fields = { [key: string]: Json };

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function maskUrl(text: string): string {
  return text.replace(/^(\w+:\/\/[^/?#@]*?):[^/?#@]*@/, `$1:${MASK}@`);
}

/** `spec` as it may be shown. */
export function maskSecrets(spec: Fields): Fields {
  const shown: Fields = { ...spec };
  if (typeof spec.url === 'string') shown.url = maskUrl(spec.url);
  for (const part of MAPS) {
    const map = spec[part];
    if (!isFields(map)) continue;
    shown[part] = Object.fromEntries(
      Object.entries(map).map(([name, value]) => [name, isSecretName(name) ? MASK : value]),
    );
  }
  return shown;
}

/** `next` with what it masks put back from `stored`. */
export function restoreSecrets(next: Fields, stored: Fields): Fields {
  const restored: Fields = { ...next };
  if (typeof next.url === 'string' && typeof stored.url === 'string' && next.url === maskUrl(stored.url)) {
    restored.url = stored.url;
  }
  for (const part of MAPS) {
    const [map, before] = [next[part], stored[part]];
    if (!isFields(map) || !isFields(before)) continue;
    restored[part] = Object.fromEntries(
      Object.entries(map).map(([name, value]) => [name, value === MASK ? (before[name] ?? value) : value]),
    );
  }
  return restored;
}
