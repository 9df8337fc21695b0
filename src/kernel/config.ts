import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { UsageError } from './errors.ts';
import { LOG_LEVELS, type LogLevel } from './logger.ts';

/** All settings, resolved. Flags go over the environment, the environment over `longshore.yaml`. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** Absent: the embedded PostgreSQL of `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** A connection that does not pass a pooler, for LISTEN; defaults to `databaseUrl`. */
  readonly directDatabaseUrl: string | undefined;
  /** Where synced tables lie, when not in the control plane's database. */
  readonly warehouseUrl: string | undefined;
  /** Below it workers write the files of sync jobs; absent: `exports` in `dataDir`. */
  readonly exportDir: string | undefined;
  /** A LibreTranslate service, by which datasets are augmented. */
  readonly translatorUrl: string | undefined;
  readonly translatorApiKey: string | undefined;
  readonly databasePoolSize: number;
  readonly adminPassword: string | undefined;
  /** 32 bytes, or absent: the one in `dataDir`, made at first start. */
  readonly masterKey: Buffer | undefined;
  readonly mode: 'all' | 'server' | 'worker';
  readonly logLevel: LogLevel;
  /** Days that runs and their log lines are kept. */
  readonly retentionDays: number;
  /** Most bytes of log lines that one run keeps. */
  readonly logCapBytes: number;
  /** Seconds between SIGTERM and SIGKILL of a run that must end. */
  readonly killGraceSeconds: number;
  /** Whether what dials out may reach private address ranges. Link-local and metadata addresses never. */
  readonly allowPrivateAddresses: boolean;
  /** Requests an identity may make in a minute. */
  readonly rateLimitPerMinute: number;
  /** The largest file that may be uploaded. */
  readonly maxUploadMb: number;
  /** Where servers count rate limits together; absent: each counts on its own. */
  readonly redisUrl: string | undefined;
  /** Proxies whose `X-Forwarded-For` is believed: addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[];
  /** The server that the command line and a remote worker speak to, without a trailing slash. */
  readonly server: string | undefined;
  /** What they sign in with: an API key or an access token. */
  readonly token: string | undefined;
  /** The command line's profile, when none is named. */
  readonly profile: string | undefined;
}

type Source = Readonly<Record<string, unknown>>;
interface Setting<T> {
  readonly env: string;
  /** Also readable from the file that `<env>_FILE` names. */
  readonly secret?: boolean;
  readonly parse: (text: string) => T;
  readonly fallback: T;
}

class BadValue extends Error {}

function integer(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new BadValue(`must be a whole number from ${min} to ${max}`);
    return value;
  };
}

function oneOf<const T extends string>(values: readonly T[]) {
  return (text: string): T => {
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw new BadValue(`must be one of ${values.join(', ')}`);
    return value;
  };
}

function boolean(text: string): boolean {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  if (/^(false|0|no|off)$/i.test(text)) return false;
  throw new BadValue('must be true or false');
}

function postgresUrl(text: string): string {
  if (!/^postgres(ql)?:\/\//.test(text)) throw new BadValue('must begin with postgresql://');
  return text;
}

function redisUrl(text: string): string {
  const right = /^rediss?:\/\//.test(text) && URL.canParse(text) && /^(\/\d*)?$/.test(new URL(text).pathname);
  if (!right) throw new BadValue('must be redis://host:port, or rediss:// for TLS, with a number for the database');
  return text;
}

function addressRanges(text: string): string[] {
  const ranges = text.split(',').map((range) => range.trim());
  for (const range of ranges) {
    const [address = '', bits, ...more] = range.split('/');
    const widest = isIP(address) === 4 ? 32 : 128;
    const badBits = bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= widest);
    if (isIP(address) === 0 || badBits || more.length > 0) {
      throw new BadValue('must be addresses or ranges such as 10.0.0.0/8, with commas between them');
    }
  }
  return ranges;
}

function serverUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new BadValue('must begin with http:// or https://');
  return text.replace(/\/+$/, '');
}

function masterKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== 32) throw new BadValue('must be 32 bytes in base64 (make one: openssl rand -base64 32)');
  return key;
}

const optional =
  <T>(parse: (text: string) => T) =>
  (text: string): T | undefined =>
    parse(text);

const SETTINGS: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  host: { env: 'LONGSHORE_HOST', parse: String, fallback: '127.0.0.1' },
  port: { env: 'LONGSHORE_PORT', parse: integer(0, 65_535), fallback: 8080 },
  dataDir: { env: 'LONGSHORE_DATA_DIR', parse: (text) => path.resolve(text), fallback: path.resolve('.longshore') },
  databaseUrl: { env: 'DATABASE_URL', secret: true, parse: optional(postgresUrl), fallback: undefined },
  directDatabaseUrl: {
    env: 'LONGSHORE_DIRECT_DATABASE_URL',
    secret: true,
    parse: optional(postgresUrl),
    fallback: undefined,
  },
  warehouseUrl: { env: 'LONGSHORE_WAREHOUSE_URL', secret: true, parse: optional(postgresUrl), fallback: undefined },
  exportDir: { env: 'LONGSHORE_EXPORT_DIR', parse: optional((text) => path.resolve(text)), fallback: undefined },
  translatorUrl: { env: 'LONGSHORE_TRANSLATOR_URL', parse: optional(serverUrl), fallback: undefined },
  translatorApiKey: { env: 'LONGSHORE_TRANSLATOR_API_KEY', secret: true, parse: optional(String), fallback: undefined },
  databasePoolSize: { env: 'LONGSHORE_DATABASE_POOL_SIZE', parse: integer(2, 500), fallback: 10 },
  adminPassword: { env: 'LONGSHORE_ADMIN_PASSWORD', secret: true, parse: optional(String), fallback: undefined },
  masterKey: { env: 'LONGSHORE_MASTER_KEY', secret: true, parse: optional(masterKey), fallback: undefined },
  mode: { env: 'LONGSHORE_MODE', parse: oneOf(['all', 'server', 'worker']), fallback: 'all' },
  logLevel: { env: 'LONGSHORE_LOG_LEVEL', parse: oneOf(LOG_LEVELS), fallback: 'info' },
  retentionDays: { env: 'LONGSHORE_RETENTION_DAYS', parse: integer(1, 36_500), fallback: 30 },
  logCapBytes: { env: 'LONGSHORE_LOG_CAP_BYTES', parse: integer(1024, 1_000_000_000), fallback: 10_000_000 },
  killGraceSeconds: { env: 'LONGSHORE_KILL_GRACE_SECONDS', parse: integer(0, 3600), fallback: 5 },
  allowPrivateAddresses: { env: 'LONGSHORE_ALLOW_PRIVATE_ADDRESSES', parse: boolean, fallback: true },
  rateLimitPerMinute: { env: 'LONGSHORE_RATE_LIMIT_PER_MINUTE', parse: integer(1, 1_000_000), fallback: 1000 },
  maxUploadMb: { env: 'LONGSHORE_MAX_UPLOAD_MB', parse: integer(1, 100_000), fallback: 100 },
  redisUrl: { env: 'REDIS_URL', secret: true, parse: optional(redisUrl), fallback: undefined },
  trustedProxies: { env: 'LONGSHORE_TRUSTED_PROXIES', parse: addressRanges, fallback: [] },
  server: { env: 'LONGSHORE_SERVER', parse: optional(serverUrl), fallback: undefined },
  token: { env: 'LONGSHORE_TOKEN', secret: true, parse: optional(String), fallback: undefined },
  profile: { env: 'LONGSHORE_PROFILE', parse: optional(String), fallback: undefined },
};

/** `LONGSHORE_DATA_DIR` is `data_dir` in longshore.yaml; `DATABASE_URL` is `database_url`. */
function yamlName(env: string): string {
  return env.replace(/^LONGSHORE_/, '').toLowerCase();
}

function readYaml(file: string | undefined): Source {
  const name = file ?? 'longshore.yaml';
  if (!existsSync(name)) {
    if (file !== undefined) throw new UsageError(`--config: there is no file ${file}.`);
    return {};
  }
  let content: unknown;
  try {
    content = parse(readFileSync(name, 'utf8')) ?? {};
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message.split('\n')[0]}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UsageError(`${name}: must hold settings, one "name: value" a line.`);
  }
  const known = new Set(Object.values(SETTINGS).map((setting) => yamlName(setting.env)));
  for (const key of Object.keys(content)) {
    if (!known.has(key)) throw new UsageError(`${name}: unknown setting "${key}"; known are ${[...known].join(', ')}.`);
  }
  return content as Source;
}

function textOf(
  setting: Setting<unknown>,
  flag: string | undefined,
  env: NodeJS.ProcessEnv,
  yaml: Source,
): [string, string] | undefined {
  if (flag !== undefined) return [`--${yamlName(setting.env).replaceAll('_', '-')}`, flag];
  const direct = env[setting.env];
  if (direct !== undefined && direct !== '') return [setting.env, direct];
  const file = setting.secret ? env[`${setting.env}_FILE`] : undefined;
  if (file) {
    try {
      return [`${setting.env}_FILE`, readFileSync(file, 'utf8').trim()];
    } catch (error) {
      throw new UsageError(`${setting.env}_FILE: ${(error as Error).message}`);
    }
  }
  const source = `longshore.yaml: ${yamlName(setting.env)}`;
  const fromYaml = yaml[yamlName(setting.env)];
  if (fromYaml === undefined || fromYaml === null) return undefined;
  if (typeof fromYaml === 'object') throw new UsageError(`${source}: must be one value, not a list or a map.`);
  return [source, String(fromYaml)];
}

export type Flags = { readonly [K in keyof Config]?: string } & { readonly config?: string };

/**
 * @param flags what the command line gave, by setting
 * @throws UsageError that names the setting, where it came from, and the mend
 */
export function loadConfig(flags: Flags = {}, env: NodeJS.ProcessEnv = process.env): Config {
  const yaml = readYaml(flags.config);
  const entries = Object.entries(SETTINGS).map(([key, setting]: [string, Setting<unknown>]) => {
    const found = textOf(setting, flags[key as keyof Config], env, yaml);
    if (!found) return [key, setting.fallback];
    try {
      return [key, setting.parse(found[1])];
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      throw new UsageError(`${found[0]}: ${error.message}${setting.secret ? '' : `, not "${found[1]}"`}.`);
    }
  });
  return Object.freeze(Object.fromEntries(entries)) as Config;
}

/** The folder of the user's own settings: `$XDG_CONFIG_HOME`, else `~/.config`. */
export function configHome(env: NodeJS.ProcessEnv = process.env): string {
  const given = env.XDG_CONFIG_HOME;
  return given && path.isAbsolute(given) ? given : path.join(homedir(), '.config');
}

/** The environment, for the few places that pass it on (children, executors' allow-list). */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}
