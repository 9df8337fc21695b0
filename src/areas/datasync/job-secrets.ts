import type { SecretDraft } from '../../connections/vault.ts';
import { invalidField } from '../../kernel/errors.ts';
import type { Json } from '../../protocol/executor.ts';
import { isSecretName, MASK } from '../../protocol/secret-names.ts';
import { maskUrl } from '../../protocol/secret-urls.ts';

/**
 * Which of a job's values are secrets. They are write-only: stored as references into the vault, answered as `***`, and
 * `***` that comes back stands for what is stored.
 */

export type Path = readonly (string | number)[];

const SECRET_FIELDS = new Set(['password', 'client_secret', 'token', 'salt']);
const MAPS = new Set(['headers', 'params']);
const URL_FIELDS = new Set(['url', 'base_url', 'token_url']);
/** Where a part of a job sends its secrets. */
const TARGETS: readonly string[] = ['base_url', 'url', 'token_url', 'engine', 'host', 'port'];

function isSecretAt(path: Path): boolean {
  const [parent, name] = [path.at(-2), path.at(-1)];
  if (typeof name !== 'string') return false;
  if (typeof parent === 'string' && MAPS.has(parent)) return isSecretName(name);
  return SECRET_FIELDS.has(name) || (parent === 'auth' && name === 'value');
}

function* walk(value: Json | undefined, path: Path): Generator<[Path, Json]> {
  if (value === undefined) return;
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  const entries: [string | number, Json][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  for (const [key, item] of entries) yield* walk(item, [...path, key]);
}

function at(value: Json | undefined, path: Path): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as { [key: string | number]: Json })[key];
  }
  return found;
}

/** Where `spec` holds secrets as text. */
export function secretPaths(spec: Json): Path[] {
  return [...walk(spec, [])]
    .filter(([path, value]) => typeof value === 'string' && isSecretAt(path))
    .map(([path]) => path);
}

/** The part of a spec, such as a connector's config, that says where it connects to. */
function targetOf(spec: Json | undefined, part: Path): string {
  const config = at(spec, part);
  const origins = TARGETS.map((name) => {
    const value = at(config, [name]) ?? null;
    return typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : value;
  });
  return JSON.stringify(origins);
}

/** `connector.config`, `destination` or `destination.connection`: each connects to one place. */
function partOf(path: Path): Path {
  if (path[0] === 'connector') return path.slice(0, 2);
  return path[1] === 'connection' ? path.slice(0, 2) : path.slice(0, 1);
}

/**
 * @param stored the spec so far; undefined for a new job
 * @throws AppError `validation` for a secret in a URL, and for `***` where nothing is stored, or where the spec now
 *   connects to somewhere else: whoever may change a job, but not read its secrets, would have them sent there
 */
export function checkSecrets(spec: Json, stored: Json | undefined): void {
  for (const [path, value] of walk(spec, [])) {
    if (typeof value !== 'string') continue;
    const field = path.join('.');
    const name = path.at(-1);
    if (typeof name === 'string' && URL_FIELDS.has(name) && maskUrl(value) !== value) {
      throw invalidField(field, 'must not hold credentials; give them as auth, headers or params');
    }
    if (value !== MASK || !isSecretAt(path)) continue;
    if (at(stored, path) === undefined) {
      throw invalidField(field, `${MASK} stands for a secret that is stored, and here none is; give the secret itself`);
    }
    const part = partOf(path);
    if (targetOf(spec, part) !== targetOf(stored, part)) {
      throw invalidField(field, 'is the secret of another server; give it anew, since the job now connects elsewhere');
    }
  }
}

/**
 * `spec` with references in the place of its secrets; `***` becomes what is stored there.
 * @throws AppError as `checkSecrets`
 */
export function sealSecrets(spec: Json, stored: Json | undefined, draft: SecretDraft): Json {
  checkSecrets(spec, stored);
  const sealed = structuredClone(spec);
  for (const path of secretPaths(spec)) {
    const value = at(spec, path) ?? null;
    const holder = at(sealed, path.slice(0, -1)) as { [key: string | number]: Json };
    holder[path.at(-1) ?? ''] = value === MASK ? (at(stored, path) ?? null) : { ...draft.seal(value) };
  }
  return sealed;
}
