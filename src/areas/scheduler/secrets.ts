import { type SecretSeal, sealSecrets, showSecrets } from '../../connections/sealing.ts';
import type { Json } from '../../protocol/executor.ts';
import { isSecretName, MASK } from '../../protocol/secret-names.ts';
import { isSecretRef } from '../../protocol/secret-refs.ts';
import { shownUrl } from '../../protocol/secret-urls.ts';

/**
 * Secrets are write-only. A task's headers and variables with telling names, what is secret in its URLs, and what signs
 * its notices lie in the vault, and are answered as `***`; `***` that comes back in an update stands for what is stored.
 */

/** A task's spec, and its `on_finish` among the spec's fields: all that may hold secrets. */
export type TaskSecrets = { [key: string]: Json };

function shownForm(path: readonly string[], value: Json): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [part, name] = path;
  if (path.length === 1) return part === 'url' ? shownUrl(value) : undefined;
  if (path.length !== 2 || name === undefined) return undefined;
  if (part === 'on_finish') return name === 'secret' ? MASK : shownUrl(value);
  if (part === 'headers' || part === 'environment') return isSecretName(name) ? MASK : shownUrl(value);
  return undefined;
}

/**
 * `next` with its secrets sealed, and with those of `stored` that it masks.
 * @throws AppError `validation` naming the field that is masked and of which nothing is stored
 */
export function sealTask(next: TaskSecrets, stored: TaskSecrets, seal: SecretSeal): TaskSecrets {
  return sealSecrets(next, stored, { shownForm, seal }) as TaskSecrets;
}

/** `stored` as it may be shown. */
export function showTask(stored: TaskSecrets): TaskSecrets {
  return showSecrets(stored, shownForm) as TaskSecrets;
}

/** Whether one of a task's headers is shown masked, if only in part. */
export function hasSecretHeaders(headers: Json): boolean {
  if (typeof headers !== 'object' || headers === null) return false;
  return Object.entries(headers).some(
    ([name, value]) => isSecretRef(value) || shownForm(['headers', name], value) !== undefined,
  );
}
