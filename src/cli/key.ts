import { hostname } from 'node:os';
import { Command } from 'commander';
import { PERMISSIONS } from '../auth/permissions.ts';
import type { Page } from './remote/client.ts';
import { KEYS_PATH, type KeyView, type NewKeyView } from './remote/keys.ts';
import { withSession } from './session.ts';
import type { Column } from './terminal/table.ts';
import { repeated, wholeNumber } from './values.ts';

const KEY_COLUMNS: readonly Column<KeyView>[] = [
  { header: 'ID', value: (key) => key.id },
  { header: 'NAME', value: (key) => key.name },
  { header: 'PERMISSIONS', value: (key) => key.permissions },
  { header: 'EXPIRES', value: (key) => key.expires_at },
  { header: 'LAST USED', value: (key) => key.last_used_at },
];

interface CreateOptions {
  permission: string[];
  expiresAt?: string;
  rateLimit?: number;
}

export function keyCommand(): Command {
  const key = new Command('key');

  key
    .command('create')
    .argument('[name]', 'what it is called', `made on ${hostname()}`)
    .description('make a key; it is shown this once')
    .requiredOption(
      '--permission <permission>',
      `what it may do, never more than you; may be repeated: ${PERMISSIONS.join(', ')}`,
      repeated,
    )
    .option('--expires-at <time>', 'when it ends, RFC 3339')
    .option('--rate-limit <n>', 'requests a minute', wholeNumber(1))
    .action(
      withSession<CreateOptions>(async ({ client, out }, options, name) => {
        const body = {
          name,
          permissions: options.permission,
          ...(options.expiresAt === undefined ? {} : { expires_at: options.expiresAt }),
          ...(options.rateLimit === undefined ? {} : { rate_limit: options.rateLimit }),
        };
        const made = await (await client()).request<NewKeyView>('POST', KEYS_PATH, { body });
        // The key alone on standard output: KEY=$(longshore key create …)
        if (out.format === 'table') {
          out.note(`Key ${made.id} (${made.name}) is made. It is shown this once; keep it safe:`);
          out.line(made.key);
        } else out.record(made);
      }),
    );

  key
    .command('list')
    .description('your keys; an admin sees all')
    .action(
      withSession(async ({ client, out }) => {
        const keys = await (await client()).get<Page<KeyView>>(KEYS_PATH);
        out.list(keys.items, KEY_COLUMNS, { empty: 'No keys.' });
      }),
    );

  key
    .command('revoke')
    .argument('<key>', 'its id, such as key_4fJ…')
    .description('end a key at once')
    .action(
      withSession(async ({ client, out }, _options, id) => {
        await (await client()).request('DELETE', `${KEYS_PATH}/${encodeURIComponent(id)}`);
        out.done(`Key ${id} is revoked.`, { id, revoked: true });
      }),
    );

  return key;
}
