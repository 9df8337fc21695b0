import type { Config } from '../../kernel/config.ts';
import { CliFailure } from '../failure.ts';
import type { ClientOptions } from './client.ts';
import { readLocalKey, readLocalServer } from './local.ts';
import { LOCAL, type Profiles, readProfiles } from './profiles.ts';

export type Settings = Pick<Config, 'server' | 'token' | 'profile' | 'dataDir'>;

async function localTarget(dataDir: string): Promise<ClientOptions | undefined> {
  const server = await readLocalServer(dataDir);
  return server && { server: server.url, token: await readLocalKey(dataDir) };
}

function named(profiles: Profiles, name: string): ClientOptions {
  const profile = profiles.profiles[name];
  if (!profile) {
    const known = Object.keys(profiles.profiles);
    const others = known.length > 0 ? `known are ${known.join(', ')}` : 'there is none yet';
    throw new CliFailure('usage', `There is no profile "${name}"; ${others}. Make one with "longshore login".`);
  }
  return { server: profile.server, token: profile.token };
}

/**
 * Which server, and with what key. In this order: a named profile; a given address (with the given token, else the key
 * that a profile or the local data directory holds for that very address); the current profile; the local server.
 */
export async function findTarget(settings: Settings, profilesPath?: string): Promise<ClientOptions> {
  const profiles = await readProfiles(profilesPath);
  const local = await localTarget(settings.dataDir);
  const withToken = (target: ClientOptions) => ({ ...target, token: settings.token ?? target.token });
  if (settings.server !== undefined) {
    const known = [...Object.values(profiles.profiles), ...(local ? [local] : [])];
    // A key goes to the server that it was made by, and to no other.
    return withToken({
      server: settings.server,
      token: known.find((candidate) => candidate.server === settings.server)?.token,
    });
  }
  const name = settings.profile ?? profiles.current;
  if (name !== undefined && name !== LOCAL) return withToken(named(profiles, name));
  if (local) return withToken(local);
  throw new CliFailure(
    'unreachable',
    `No server runs on ${settings.dataDir}. Start one with "longshore up", sign in to another with "longshore login <address>", or name it with --server.`,
  );
}
