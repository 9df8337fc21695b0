/*
 * Which names tell of a secret: the one list that all go by. The server masks such values in answers, executors redact
 * them in logs, and redirects do not take them along. Described in docs/security.md.
 */

/** Wherever they stand in a name. */
const TELLING = /pass(word|wd|phrase)?|secret|token|(api|access|private)[-_]?key|auth|cookie|credential|signature/i;

/** What a name ends in, in words that `_` joins; see `inWords`. */
const TELLING_END = /pwd$|(^|_)(dsn|bearer|jwt)$|_key$/;

/** Directories that every shell knows. */
const DIRECTORIES: ReadonlySet<string> = new Set(['PWD', 'OLDPWD']);

/**
 * Keys that lock nothing: they are public, or name a thing. A key that is wrongly among them would be shown, one that is
 * wrongly not is only hard to read; so there are few.
 */
const PLAIN_KEY =
  /(^|_)(public|primary|foreign|unique|composite|natural|surrogate|partition|shard|sort|range|row|column|object|cache|routing|dedup|deduplication|idempotency)_key$/;

/** Query parameters that sign or open a URL: of Azure's shared access signatures and functions, Google, WeCom. */
const TELLING_PARAMETER = /^(sig|key|code|pwd)$/i;

/** `sshKey`, `Ssh-Key` and `SSH_KEY` alike as `ssh_key`. */
function inWords(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Whether a header or variable of this name holds a secret, as far as its name tells. */
export function isSecretName(name: string): boolean {
  if (TELLING.test(name)) return true;
  const words = inWords(name);
  return TELLING_END.test(words) && !PLAIN_KEY.test(words) && !DIRECTORIES.has(name);
}

/** Whether a URL's parameter of this name holds a secret. Short names tell more there than elsewhere. */
export function isSecretParameter(name: string): boolean {
  return TELLING_PARAMETER.test(name) || isSecretName(name);
}

/** What stands for a secret where it is shown. */
export const MASK = '***';
