import { hostname } from 'node:os';
import { Command } from 'commander';
import { CliFailure } from './failure.ts';
import { Client } from './remote/client.ts';
import { KEYS_PATH, type NewKeyView } from './remote/keys.ts';
import { LOCAL, type Profile, readProfiles, writeProfiles } from './remote/profiles.ts';
import { withSession } from './session.ts';
import { ask, askSecret, readStandardInput } from './terminal/prompt.ts';

interface LoginOptions {
  readonly name?: string;
  readonly username?: string;
  readonly passwordStdin?: boolean;
}

interface LoginView {
  readonly access_token: string;
  readonly user: { readonly username: string };
}

interface MeView {
  readonly username: string;
  readonly permissions: string[];
}

/**
 * Signs in and takes an API key for this machine, which is what the profile keeps: it can be revoked on its own, and
 * the password is stored nowhere.
 */
async function signIn(server: string, options: LoginOptions): Promise<Profile> {
  const username = options.username ?? (await ask('Username', 'give --username'));
  const password = options.passwordStdin
    ? await readStandardInput()
    : await askSecret('Password', 'use --password-stdin, or --token with an API key');
  const login = await new Client({ server, token: undefined }).request<LoginView>('POST', '/auth/login', {
    body: { username, password },
  });
  const client = new Client({ server, token: login.access_token });
  const me = await client.get<MeView>('/api/me');
  const key = await client.request<NewKeyView>('POST', KEYS_PATH, {
    body: { name: `command line on ${hostname()}`, permissions: me.permissions },
  });
  return { server, token: key.key, key_id: key.id, username: me.username };
}

export function loginCommand(): Command {
  return new Command('login')
    .argument('<address>', 'of the server, such as https://longshore.example.com')
    .option('--name <name>', 'what to call the profile; the host unless told')
    .option('--username <name>', 'who signs in; asked for unless told')
    .option('--password-stdin', 'take the password from standard input')
    .action(
      withSession<LoginOptions>(async (session, options, address) => {
        const { server = '', token } = session.config({ server: address });
        const name = options.name ?? new URL(server).host;
        if (name === LOCAL)
          throw new CliFailure('usage', `"${LOCAL}" is the server of this machine: choose another --name.`);
        let profile: Profile;
        if (token === undefined) profile = await signIn(server, options);
        else {
          const me = await new Client({ server, token }).get<MeView>('/api/me');
          profile = { server, token, username: me.username };
        }
        const { profiles } = await readProfiles();
        await writeProfiles({ current: name, profiles: { ...profiles, [name]: profile } });
        session.out.done(`Signed in to ${server} as ${profile.username}; profile "${name}" is in use.`, {
          name,
          server,
          username: profile.username,
        });
      }),
    );
}

export function logoutCommand(): Command {
  return new Command('logout').argument('[profile]', 'which; the one in use unless told').action(
    withSession<object, [string | undefined]>(async (session, _options, which) => {
      const { current, profiles } = await readProfiles();
      const name = which ?? session.options.profile ?? current;
      const profile = name === undefined ? undefined : profiles[name];
      if (name === undefined || !profile)
        throw new CliFailure('notFound', 'There is no such profile. "longshore profile list" shows them.');
      if (profile.key_id !== undefined) {
        await new Client(profile).request('DELETE', `${KEYS_PATH}/${profile.key_id}`).catch((error: unknown) => {
          // Whoever signs out must not be kept signed in by a server that is gone; but the key lives on there.
          const why = error instanceof Error ? error.message : String(error);
          session.out.note(`The key ${profile.key_id} could not be revoked on ${profile.server}: ${why}`);
        });
      }
      const rest = Object.fromEntries(Object.entries(profiles).filter(([other]) => other !== name));
      await writeProfiles({ current: current === name ? undefined : current, profiles: rest });
      session.out.done(`Profile "${name}" is forgotten.`, { name, forgotten: true });
    }),
  );
}
