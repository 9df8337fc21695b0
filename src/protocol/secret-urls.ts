import { isSecretParameter, MASK } from './secret-names.ts';

/*
 * What of a URL is secret. What answers mask and what executors redact in logs must be the same, so both ask here.
 *
 * Read by the parser that will also dial the URL: a pattern of our own would disagree with it sooner or later, as over
 * `https:///me:password@host`, which is a URL with a password.
 */

/** Webhooks whose path is the secret, by host; group 2 is what of the path must not be shown. */
const SECRET_PATHS: readonly { readonly host: RegExp; readonly path: RegExp }[] = [
  { host: /^hooks\.slack(-gov)?\.com$/, path: /^(\/(?:services|workflows|triggers)\/(?:[^/]+\/)+)([^/]+)(\/?)$/ },
  { host: /^((ptb|canary)\.)?discord(app)?\.com$/, path: /^(\/api\/(?:v\d+\/)?webhooks\/[^/]+\/)([^/]+)(.*)$/ },
  { host: /^([^.]+\.)?webhook\.office\.com$/, path: /^(\/webhook[^/]*\/)(.+)()$/ },
  { host: /^open\.(feishu\.cn|larksuite\.com)$/, path: /^(\/open-apis\/bot\/(?:v\d+\/)?hook\/)([^/]+)(.*)$/ },
  { host: /^api\.telegram\.org$/, path: /^(\/(?:file\/)?bot)([^/]+)(.*)$/ },
];

interface Finding {
  /** The URL with its secrets masked; the text itself when it has none. */
  readonly shown: string;
  /** Each as it stands in the URL, and decoded. */
  readonly secrets: readonly string[];
}

/** A text that is no URL, or has no secret, is answered as it is. */
export function maskUrl(text: string): string {
  return inspect(text).shown;
}

/** A URL with a secret in it, as it may be shown; undefined for any other text. */
export function shownUrl(text: string): string | undefined {
  const { shown, secrets } = inspect(text);
  return secrets.length > 0 ? shown : undefined;
}

/**
 * The secrets of a text that is a URL, in every form in which a log may show them, that of an `Authorization` header
 * included; none of another text.
 */
export function secretsOfUrl(text: string): string[] {
  return [...inspect(text).secrets];
}

/** Whether a secret of this URL is the mask: somebody sends back what was answered, changed elsewhere. */
export function hasMaskedSecret(text: string): boolean {
  return inspect(text).secrets.includes(MASK);
}

function inspect(text: string): Finding {
  if (!/^\s*[a-z][a-z0-9+.-]*:/i.test(text)) return { shown: text, secrets: [] };
  if (!URL.canParse(text)) return inspectUnparsable(text);
  const url = new URL(text);
  const secrets = [...maskCredentials(url), ...maskPath(url)];
  for (const part of ['search', 'hash'] as const) url[part] = maskPairs(url[part], secrets);
  return { shown: secrets.length > 0 ? url.href : text, secrets };
}

/** Masks `url`'s password, or its user where that stands for one. @returns what was there */
function maskCredentials(url: URL): string[] {
  const { username, password } = url;
  if (password !== '') {
    url.password = MASK;
    const credentials = `${decoded(username)}:${decoded(password)}`;
    return [password, decoded(password), Buffer.from(credentials).toString('base64')];
  }
  // Over HTTP a user without a password is a token; elsewhere, as in `ssh://git@host`, it is a mere name.
  if (username === '' || !/^https?:$/.test(url.protocol)) return [];
  url.username = MASK;
  return [username, decoded(username), Buffer.from(`${decoded(username)}:`).toString('base64')];
}

/** Masks the part of `url`'s path that is a secret. @returns what was there, whole and its last segment */
function maskPath(url: URL): string[] {
  const known = SECRET_PATHS.find(({ host }) => host.test(url.hostname));
  const [, head, secret, rest] = known?.path.exec(url.pathname) ?? [];
  if (head === undefined || secret === undefined) return [];
  url.pathname = `${head}${MASK}${rest}`;
  return [secret, decoded(secret), secret.split('/').at(-1) ?? ''];
}

/** `?a=b&c=d`, or the same behind a `#`, with the values of telling names masked and added to `secrets`. */
function maskPairs(part: string, secrets: string[]): string {
  return part
    .split('&')
    .map((pair) => {
      const [, name, value] = /^([?#]?[^=]*)=(.+)$/s.exec(pair) ?? [];
      if (name === undefined || value === undefined) return pair;
      if (!isSecretParameter(decoded(name).replace(/^[?#]/, ''))) return pair;
      secrets.push(value, decoded(value.replaceAll('+', ' ')));
      return `${name}=${MASK}`;
    })
    .join('&');
}

/** Such as a list of database hosts, or a password with a `#` in it: all before the last `@` is taken for credentials. */
function inspectUnparsable(text: string): Finding {
  const [, scheme, credentials, rest] = /^(\s*[a-z][a-z0-9+.-]*:\/{0,3})(\S+)@(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || credentials === undefined || rest === undefined) return { shown: text, secrets: [] };
  const password = credentials.slice(credentials.indexOf(':') + 1);
  const secrets = [password, decoded(password)];
  const [head = '', ...query] = rest.split('?');
  const pairs = query.length > 0 ? maskPairs(`?${query.join('?')}`, secrets) : '';
  return { shown: `${scheme}${MASK}@${head}${pairs}`, secrets };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A lone per cent sign, meant as itself.
    return part;
  }
}
