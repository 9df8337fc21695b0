import { Command } from 'commander';
import { type Actor, systemIdentity } from '../auth/identity.ts';
import type { User } from '../auth/queries/user_get.ts';
import { createUser, listUsers, updateUser } from '../auth/users.ts';
import { randomText } from '../kernel/ids.ts';
import type { Queryable, Store } from '../store/store.ts';
import { withStore } from './database.ts';
import { CliFailure } from './failure.ts';
import { type Session, withSession } from './session.ts';
import { askSecret, readStandardInput } from './terminal/prompt.ts';
import type { Column } from './terminal/table.ts';

/*
 * These work straight on the database, with the rights of whoever can reach it: they are how the first admin is made
 * and how one who has lost their password comes back.
 */
const ACTOR: Actor = { identity: systemIdentity('cli') };
const GENERATED_LENGTH = 20;

const USER_COLUMNS: readonly Column<User>[] = [
  { header: 'ID', value: (user) => user.id, align: 'right' },
  { header: 'USERNAME', value: (user) => user.username },
  { header: 'ROLE', value: (user) => user.role },
  { header: 'ACTIVE', value: (user) => (user.isActive ? 'yes' : 'no') },
  { header: 'EMAIL', value: (user) => user.email },
  { header: 'LAST LOGIN', value: (user) => user.lastLoginAt },
];

const USER_ARGUMENT = ['<username>', 'who'] as const;

async function allUsers(db: Queryable, search?: string): Promise<User[]> {
  const users: User[] = [];
  for (;;) {
    const page = await listUsers(db, { search, sort: 'username', order: 'asc', limit: 100, offset: users.length });
    users.push(...page.items);
    if (page.items.length === 0 || users.length >= page.total) return users;
  }
}

async function findUser(db: Queryable, username: string): Promise<User> {
  const wanted = username.toLowerCase();
  const user = (await allUsers(db, username)).find((one) => one.username.toLowerCase() === wanted);
  if (!user) throw new CliFailure('notFound', `There is no user "${username}". "longshore user list" shows them.`);
  return user;
}

interface PasswordOptions {
  readonly passwordStdin?: boolean;
  readonly generate?: boolean;
}

/** The new password, and whether nobody knows it yet. */
async function newPassword(options: PasswordOptions): Promise<{ password: string; generated: boolean }> {
  if (options.generate) return { password: randomText(GENERATED_LENGTH), generated: true };
  if (options.passwordStdin) return { password: await readStandardInput(), generated: false };
  const password = await askSecret('New password', 'use --password-stdin or --generate');
  if (password !== (await askSecret('Once more', ''))) throw new CliFailure('usage', 'The two are not the same.');
  return { password, generated: false };
}

function addPasswordOptions(command: Command): Command {
  return command
    .option('--password-stdin', 'take the password from standard input')
    .option('--generate', 'make a password and print it, this once');
}

/** Looks the user up, changes them in a transaction, and says so. */
function changing<Options>(
  change: (
    options: Options,
    argument: string | undefined,
  ) => Promise<{
    readonly changes: Parameters<typeof updateUser>[3];
    readonly say: string;
    readonly password?: string | undefined;
  }>,
) {
  return withSession<Options, [string, string | undefined]>(async (session, options, username, argument) => {
    const { changes, say, password } = await change(options, argument);
    const user = await onStore(session, async (store) => {
      const { id } = await findUser(store, username);
      return store.transaction((tx) => updateUser(tx, ACTOR, id, changes));
    });
    announce(session, `${user.username} ${say}`, user, password);
  });
}

function onStore<T>(session: Session, work: (store: Store) => Promise<T>): Promise<T> {
  return withStore(session.config(), work);
}

function announce({ out }: Session, text: string, user: User, password: string | undefined): void {
  if (password === undefined) out.done(text, user);
  else if (out.format === 'table') {
    out.note(`${text} The password, shown this once:`);
    out.line(password);
  } else out.record({ ...user, password });
}

function addCreate(user: Command): void {
  addPasswordOptions(
    user
      .command('create')
      .argument('<username>', 'what they sign in as')
      .description('make a user')
      .option('--role <role>', 'admin, operator, user, or one of your own', 'user')
      .option('--email <address>', 'their address'),
  ).action(
    withSession<PasswordOptions & { role: string; email?: string }>(async (session, options, username) => {
      const { password, generated } = await newPassword(options);
      const input = { username, password, role: options.role, email: options.email };
      const made = await onStore(session, (store) => store.transaction((tx) => createUser(tx, ACTOR, input)));
      announce(session, `User ${made.username} (${made.role}) is made.`, made, generated ? password : undefined);
    }),
  );
}

export function userCommand(): Command {
  const user = new Command('user').addHelpText(
    'after',
    '\nThese work on the database of this machine (DATABASE_URL or the data directory), also while the server is down.',
  );
  addCreate(user);

  user
    .command('list')
    .description('the users')
    .action(
      withSession(async (session) => {
        session.out.list(await onStore(session, (store) => allUsers(store)), USER_COLUMNS, { empty: 'No users.' });
      }),
    );

  user
    .command('set-role')
    .argument(...USER_ARGUMENT)
    .argument('<role>', 'admin, operator, user, or one of your own')
    .description('change what a user may do')
    .action(changing(async (_options, role = '') => ({ changes: { role }, say: `is ${role} now.` })));

  addPasswordOptions(
    user
      .command('reset-password')
      .argument(...USER_ARGUMENT)
      .description('give a user a new password; ends all their sessions'),
  ).action(
    changing<PasswordOptions>(async (options) => {
      const { password, generated } = await newPassword(options);
      return { changes: { password }, say: 'has a new password.', password: generated ? password : undefined };
    }),
  );

  for (const [verb, isActive, description, say] of [
    ['deactivate', false, 'let a user in no more; ends all their sessions', 'is deactivated.'],
    ['activate', true, 'let a user in again', 'is active again.'],
  ] as const) {
    user
      .command(verb)
      .argument(...USER_ARGUMENT)
      .description(description)
      .action(changing(async () => ({ changes: { isActive }, say })));
  }

  return user;
}
