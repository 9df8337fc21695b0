import { Command } from 'commander';
import { CliFailure } from './failure.ts';
import { readLocalServer } from './remote/local.ts';
import { LOCAL, readProfiles, writeProfiles } from './remote/profiles.ts';
import { withSession } from './session.ts';

export function profileCommand(): Command {
  const profile = new Command('profile');

  profile
    .command('list')
    .description('all profiles; the one in use is marked')
    .action(
      withSession(async (session) => {
        const { current, profiles } = await readProfiles();
        const local = await readLocalServer(session.config().dataDir);
        const rows = Object.entries(profiles).map(([name, { server, username }]) => ({
          name,
          server,
          username: username ?? null,
          current: name === current,
        }));
        if (local) {
          rows.push({
            name: LOCAL,
            server: local.url,
            username: null,
            current: current === undefined || current === LOCAL,
          });
        }
        session.out.list(
          rows,
          [
            { header: '', value: (row) => (row.current ? '*' : ' ') },
            { header: 'NAME', value: (row) => row.name },
            { header: 'SERVER', value: (row) => row.server },
            { header: 'USERNAME', value: (row) => row.username },
          ],
          { empty: 'No profiles. Make one with "longshore login <address>".' },
        );
      }),
    );

  profile
    .command('use')
    .argument('<name>', `which; "${LOCAL}" is the server of this machine`)
    .description('choose the profile that commands use')
    .action(
      withSession(async ({ out }, _options, name) => {
        const { profiles } = await readProfiles();
        if (name !== LOCAL && !profiles[name]) {
          throw new CliFailure('notFound', `There is no profile "${name}". "longshore profile list" shows them.`);
        }
        await writeProfiles({ current: name, profiles });
        out.done(`Profile "${name}" is in use.`, { name, current: true });
      }),
    );

  profile
    .command('show')
    .argument('[name]', 'which; the one in use unless told')
    .description('where a profile leads to; its key is not shown')
    .action(
      withSession<object, [string | undefined]>(async ({ out, options }, _options, which) => {
        const { current, profiles } = await readProfiles();
        const name = which ?? options.profile ?? current;
        const found = name === undefined ? undefined : profiles[name];
        if (!found) throw new CliFailure('notFound', 'There is no such profile. "longshore profile list" shows them.');
        out.record({ name, server: found.server, username: found.username ?? null, key_id: found.key_id ?? null });
      }),
    );

  return profile;
}
