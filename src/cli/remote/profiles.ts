import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { configHome } from '../../kernel/config.ts';
import { UsageError } from '../../kernel/errors.ts';
import { randomText } from '../../kernel/ids.ts';

/** How to reach one server. */
export interface Profile {
  readonly server: string;
  readonly token: string;
  /** The key that `longshore login` made, so that `longshore logout` can revoke it. */
  readonly key_id?: string;
  readonly username?: string;
}

export interface Profiles {
  readonly current: string | undefined;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** The name that stands for the server of this machine's data directory; no profile can have it. */
export const LOCAL = 'local';

function profilesFile(): string {
  return path.join(configHome(), 'longshore', 'profiles.yaml');
}

function isProfile(value: unknown): value is Profile {
  const { server, token } = (value ?? {}) as Partial<Profile>;
  return typeof server === 'string' && typeof token === 'string';
}

/** @throws UsageError when the file is not what `longshore login` writes, or others can read its keys */
export async function readProfiles(file: string = profilesFile()): Promise<Profiles> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
    if (((await stat(file)).mode & 0o077) !== 0) {
      throw new UsageError(`${file} holds keys and others can read it: run "chmod 600 ${file}".`);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: undefined, profiles: {} };
    throw error;
  }
  const content: unknown = parse(text);
  const { current, profiles } = (content ?? {}) as { current?: unknown; profiles?: unknown };
  const entries = Object.entries((profiles ?? {}) as Record<string, unknown>);
  if (!entries.every(([, profile]) => isProfile(profile))) {
    throw new UsageError(`${file}: each profile needs "server" and "token"; make it anew with "longshore login".`);
  }
  return {
    current: typeof current === 'string' ? current : undefined,
    profiles: Object.fromEntries(entries) as Record<string, Profile>,
  };
}

/** Replaces the file as a whole: a reader sees the old one or the new one, and only its owner sees any. */
export async function writeProfiles(content: Profiles, file: string = profilesFile()): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomText(8)}`;
  await writeFile(temporary, stringify(content), { mode: 0o600, flag: 'wx' });
  await chmod(temporary, 0o600);
  await rename(temporary, file);
}
