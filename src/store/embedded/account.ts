import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { UsageError } from '../../kernel/errors.ts';

/** The system user that PostgreSQL's processes run as, when it is not the one that we run as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** In order of preference. Only users that exist are taken: nothing here changes the system's user table. */
const UNPRIVILEGED = ['postgres', 'nobody'];

function accounts(passwd: string): Account[] {
  return passwd.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/**
 * PostgreSQL refuses to run as root. So root runs it as the owner of an existing cluster, which makes a data
 * directory usable by root and by its owner in turn, or else as an existing unprivileged user.
 * @param cluster the cluster directory, which need not exist
 * @returns undefined when we are not root, and PostgreSQL therefore runs as ourselves
 * @throws UsageError when root finds no user to run it as
 */
export async function serverAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (process.platform !== 'linux') {
    throw new UsageError(
      'The embedded PostgreSQL cannot run as root here: start as another user, or set DATABASE_URL.',
    );
  }
  const known = accounts(await readFile('/etc/passwd', 'utf8').catch(() => ''));
  const owner = await stat(cluster).catch(() => undefined);
  if (owner && owner.uid !== 0) {
    return known.find(({ uid }) => uid === owner.uid) ?? { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  }
  for (const name of UNPRIVILEGED) {
    const account = known.find((candidate) => candidate.name === name && candidate.uid !== 0);
    if (account) return account;
  }
  throw new UsageError(
    `PostgreSQL refuses to run as root, and neither ${UNPRIVILEGED.join(' nor ')} is a user of this machine: start as another user, or set DATABASE_URL.`,
  );
}

/**
 * What a child of ours sees: nothing of our environment (PGDATA and its like would redirect it), messages in English
 * because failures are recognised by them, and times in UTC.
 */
export const CHILD_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

/** `uid` and `gid` for `spawn`, or nothing. */
export function credentials(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

export interface Finished {
  /** The exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly account: Account | undefined;
  readonly cwd: string;
  readonly stdin?: string;
}

/**
 * Runs a program to its end as `account`.
 * @throws the error of `spawn`, with its `code`, if it could not be started at all
 */
export function run(file: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: options.cwd, env: CHILD_ENVIRONMENT, ...credentials(options.account) });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    // A program that ends without reading its input is judged by its exit code, not by the broken pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}
