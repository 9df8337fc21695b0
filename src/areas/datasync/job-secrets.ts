import { type ShownForm, sealSecrets } from '../../connections/sealing.ts';
import type { SecretDraft } from '../../connections/vault.ts';
import { invalidField } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import { isSecretName, isSecretParameter, MASK } from '../../protocol/secret-names.ts';
import { isSecretRef, shownText } from '../../protocol/secret-refs.ts';
import { maskUrl, shownUrl } from '../../protocol/secret-urls.ts';

/** Which of a job's values are secrets: they lie in the vault, and are answered as `***`. */

const SECRET_FIELDS = new Set(['password', 'client_secret', 'token']);
/** Of names and values that the user chooses. */
const MAPS = new Set(['headers', 'params']);
/** Where a part of a job connects to. */
const TARGETS = ['base_url', 'url', 'token_url', 'engine', 'host', 'port'] as const;
const URLS: ReadonlySet<string> = new Set(['base_url', 'url', 'token_url']);
/** Where a file is read: the one URL that takes no params, and may be signed. It is sealed instead. */
const FILE_URL = 'connector.config.url';
/** The parts of a job that connect to one place each. */
const PARTS: readonly (readonly string[])[] = [['connector', 'config'], ['destination', 'connection'], ['destination']];

type Fields = { [field: string]: Json };

/** Of a job, and of whatever else has its parts. */
export const shownForm: ShownForm = (path, value) => {
  if (typeof value !== 'string') return undefined;
  if (path.join('.') === FILE_URL) return shownUrl(value);
  const [parent = '', name = ''] = path.slice(-2);
  // Elsewhere in a transformation, names are those of the user's fields.
  if (path[0] === 'transformations') return parent === 'config' && name === 'salt' ? MASK : undefined;
  const secret = MAPS.has(parent)
    ? (parent === 'params' ? isSecretParameter : isSecretName)(name)
    : SECRET_FIELDS.has(name) || (parent === 'auth' && name === 'value');
  return secret ? MASK : undefined;
};

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function partOf(spec: Json, path: readonly string[]): Fields | undefined {
  let part: Json | undefined = spec;
  for (const field of path) part = isFields(part) ? part[field] : undefined;
  return isFields(part) ? part : undefined;
}

/** Where `part` connects to, in a form that can be compared. */
function targetOf(part: Fields): string {
  const nested = isFields(part.auth) ? part.auth : {};
  const targets = TARGETS.map((name) => {
    const given = part[name] ?? nested[name] ?? null;
    const value = isSecretRef(given) ? shownText(given) : given;
    return typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : value;
  });
  return JSON.stringify(targets);
}

function holdsRefused(url: string, field: string): boolean {
  if (field !== FILE_URL || !URL.canParse(url)) return maskUrl(url) !== url;
  // Not sent along: a login belongs into headers.
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

/** @throws AppError `validation`: a URL is shown, logged and kept in places where no secret may be */
function refuseUrlSecrets(part: Fields, path: readonly string[]): void {
  for (const [name, value] of Object.entries(part)) {
    const field = [...path, name];
    if (typeof value === 'string' && URLS.has(name) && holdsRefused(value, field.join('.'))) {
      throw invalidField(field.join('.'), 'must not hold credentials; give them as auth, headers or params');
    }
    if (isFields(value)) refuseUrlSecrets(value, field);
  }
}

/** `stored` without the parts that now connect to somewhere else: their secrets are not that server's to see. */
function keepable(spec: Json, stored: Json): Json {
  const kept = structuredClone(stored);
  for (const path of PARTS) {
    const [next, before] = [partOf(spec, path), partOf(stored, path)];
    if (!next || !before || targetOf(next) === targetOf(before)) continue;
    const parent = partOf(kept, path.slice(0, -1));
    if (parent) delete parent[path.at(-1) ?? ''];
  }
  return kept;
}

/**
 * `spec` with references in the place of its secrets. `***` stands for what is stored there, unless the job now connects
 * elsewhere: who may change a job, but not read its secrets, would have them sent there.
 * @param given the parts of the spec that a client has sent; the others are as they are stored
 * @throws AppError `validation` naming the field
 */
export function sealJobSecrets(spec: Fields, given: readonly string[], stored: Json, draft: SecretDraft): Fields {
  const sent = Object.fromEntries(Object.entries(spec).filter(([field]) => given.includes(field)));
  for (const path of PARTS) {
    const part = partOf(sent, path);
    if (part) refuseUrlSecrets(part, path);
  }
  const known = stored === null ? null : keepable(sent, stored);
  return { ...spec, ...(sealSecrets(sent, known, { shownForm, seal: draft.seal }) as Fields) };
}
