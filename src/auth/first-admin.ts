import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../kernel/errors.ts';
import { randomText } from '../kernel/ids.ts';
import type { Store } from '../store/store.ts';
import { recordAudit } from './audit.ts';
import { systemIdentity } from './identity.ts';
import { hashPassword, passwordProblem } from './passwords.ts';
import { hasUsers, lockFirstStart } from './queries/first_admin_lock.ts';
import { insertUser } from './queries/user_insert.ts';

const USERNAME = 'admin';
const ADMIN_PASSWORD_FILE = 'admin.password';
/** Of 62 letters and digits: 142 bits, and still to be typed from a screen. */
const GENERATED_LENGTH = 24;

interface FirstAdminOptions {
  /** The configured one; absent: one is generated. */
  readonly password?: string | undefined;
  readonly dataDir: string;
}

export type FirstAdmin =
  /** There were users already; nothing was done. */
  | { readonly created: false }
  /** `generated` is there when no password was configured: print it once. It also stands in `file`, mode 0600. */
  | {
      readonly created: true;
      readonly username: string;
      readonly generated?: { readonly password: string; readonly file: string };
    };

/**
 * Makes the user `admin` where there is no user yet. Any number of servers may start at once: one of them makes it.
 * @throws UsageError when the configured password may not be used
 */
export async function ensureAdmin(store: Store, options: FirstAdminOptions): Promise<FirstAdmin> {
  if (await hasUsers(store)) return { created: false };
  const problem = options.password === undefined ? undefined : passwordProblem(options.password);
  if (problem !== undefined) throw new UsageError(`LONGSHORE_ADMIN_PASSWORD: ${problem}.`);
  const password = options.password ?? randomText(GENERATED_LENGTH);
  const passwordHash = await hashPassword(password);
  return store.transaction(async (tx): Promise<FirstAdmin> => {
    await lockFirstStart(tx);
    if (await hasUsers(tx)) return { created: false };
    const user = await insertUser(tx, {
      username: USERNAME,
      usernameKey: USERNAME,
      passwordHash,
      role: 'admin',
      email: null,
      isActive: true,
    });
    if (!user) throw new Error('the first user could not be made');
    await recordAudit(
      tx,
      { identity: systemIdentity('setup') },
      { action: 'user.create', target: `user:${user.id}`, details: { username: USERNAME, role: 'admin' } },
    );
    if (options.password !== undefined) return { created: true, username: USERNAME };
    // Before the commit: an admin whose password nobody ever saw would lock everybody out for good.
    const file = path.join(options.dataDir, ADMIN_PASSWORD_FILE);
    await writePrivately(file, `${password}\n`);
    return { created: true, username: USERNAME, generated: { password, file } };
  });
}

/** Replaces `file` in one step; at no time can others read it. */
async function writePrivately(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
