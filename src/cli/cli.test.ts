import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_PASSWORD, startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { Longshore } from '../../test/support/longshore.ts';
import { announceServer } from './remote/local.ts';
import { ensureLocalKey } from './remote/local-key.ts';

/*
 * The command line as users run it: processes of their own, against a real server on a real database. Runs are
 * executed by a worker that the command line itself starts.
 */

let home: string;
let server: TestServer;
let command: Longshore;
let worker: ChildProcess;

const longshore: Longshore['run'] = (words, options) => command.run(words, options);

/** Runs a command that must succeed, and gives what it printed, parsed. */
async function json(...words: string[]): Promise<ReturnType<typeof JSON.parse>> {
  const { code, stdout, stderr } = await longshore([...words, '-o', 'json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'longshore-cli-'));
  server = await startTestServer();
  expect(await ensureLocalKey(server.store, server.config.dataDir)).toBe(true);
  await announceServer(server.config.dataDir, server.url);
  // Beside the server, with nothing but its data directory: it works over HTTP.
  command = await Longshore.build({
    XDG_CONFIG_HOME: path.join(home, 'config'),
    LONGSHORE_DATA_DIR: server.config.dataDir,
  });
  worker = command.start(['worker', 'start', '--id', 'cli-worker', '--log-level', 'error', '--drain', '0']);
});

afterAll(async () => {
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill('SIGTERM');
  await ended;
  expect(worker.exitCode).toBe(0);
  await rm(home, { recursive: true, force: true });
});

it('makes, shows, changes, pauses and deletes a task', async () => {
  const made = await json(
    'task',
    'create',
    'nightly',
    '--command',
    'echo hello',
    '--schedule',
    '0 2 * * *',
    '--env',
    'A=b=c',
  );
  expect(made).toMatchObject({ name: 'nightly', executor: 'shell', environment: { A: 'b=c' } });
  expect(await json('task', 'list', '--search', 'nightly')).toMatchObject([{ id: made.id, schedule: '0 2 * * *' }]);
  expect(await json('task', 'update', 'nightly', '--schedule', '', '--retry-count', '2')).toMatchObject({
    schedule: null,
    retry_count: 2,
    command: 'echo hello',
  });
  expect(await json('task', 'pause', 'nightly')).toMatchObject({ status: 'paused' });
  expect(await json('task', 'resume', String(made.id))).toMatchObject({ status: 'active' });
  expect(await json('task', 'disable', 'nightly')).toMatchObject({ status: 'disabled' });
  expect((await longshore(['task', 'trigger', 'nightly'])).code).toBe(6);
  const deleted = await longshore(['task', 'delete', 'nightly']);
  expect([deleted.code, deleted.stdout]).toEqual([0, 'Task nightly is deleted.\n']);
  expect((await longshore(['task', 'show', 'nightly'])).code).toBe(5);
});

it('runs a task, shows what it prints as it prints it, and ends as it ends', async () => {
  await json('task', 'create', 'talks', '--command', 'echo out; echo err >&2');
  const run = await longshore(['task', 'run', 'talks']);
  expect(run.stdout).toBe('out\n');
  expect(run.stderr).toMatch(/err\n[\s\S]*Run \d+ succeeded after/);
  expect(run.code).toBe(0);
  const [{ id }] = await json('task', 'runs', 'talks');
  expect((await longshore(['run', 'logs', String(id)])).stdout).toBe('out\n');
  expect((await longshore(['task', 'logs', 'talks', '--follow', '-o', 'json'])).stdout).toContain('"message":"out"');
  expect(await json('run', 'list', '--status', 'success')).toContainEqual(expect.objectContaining({ id }));
});

it('fails when the run fails, and says why', async () => {
  await json('task', 'create', 'fails', '--command', 'echo no such thing >&2; exit 7');
  const run = await longshore(['task', 'run', 'fails', '--wait']);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/fails +failed +1 .* 7 /);
  expect(run.stderr).toMatch(/Run \d+ of fails ended as failed .*exit code 7/);
});

it('interrupts the waiting, not the run; then cancels that', async () => {
  await json('task', 'create', 'sleeps', '--command', 'echo asleep; exec sleep 1000');
  const following = command.start(['task', 'run', 'sleeps']);
  const ended = new Promise<number | null>((resolve) => following.once('close', (code) => resolve(code)));
  let said = '';
  following.stderr.on('data', (text: string) => (said += text));
  await new Promise((resolve) => following.stdout.once('data', resolve));
  following.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(said).toMatch(/Run \d+ goes on\./);
  const [{ id }] = await json('task', 'runs', 'sleeps');
  expect(await json('run', 'cancel', String(id))).toMatchObject({ status: 'cancelled' });
  const waited = await longshore(['run', 'wait', String(id)]);
  expect([waited.code, waited.stderr]).toEqual([1, expect.stringContaining('ended as cancelled')]);
});

it('applies a file, changes nothing the second time, and only what differs the third', async () => {
  const folder = path.join(home, 'manifests');
  await mkdir(folder);
  const file = path.join(folder, 'tasks.yaml');
  await writeFile(path.join(folder, 'script.py'), 'print("applied")\n');
  const text = (count: number) =>
    `task:\n  name: one\n  executor: python\n  script: !file script.py\n  retry_count: ${count}\n---\ntask:\n  name: two\n  executor: http\n  url: !server /api/health\n`;
  const actions = async (...words: string[]) =>
    (await json('apply', '-f', file, ...words)).map(({ name, action, changed }: Record<string, unknown>) => [
      name,
      action,
      changed,
    ]);
  await writeFile(file, text(1));
  expect(await actions('--dry-run')).toEqual([
    ['one', 'created', []],
    ['two', 'created', []],
  ]);
  expect((await longshore(['task', 'show', 'one'])).code).toBe(5);
  expect(await actions()).toEqual([
    ['one', 'created', []],
    ['two', 'created', []],
  ]);
  expect(await actions()).toEqual([
    ['one', 'unchanged', []],
    ['two', 'unchanged', []],
  ]);
  await writeFile(file, text(2));
  expect(await actions()).toEqual([
    ['one', 'updated', ['retry_count']],
    ['two', 'unchanged', []],
  ]);
  expect(await json('task', 'show', 'two')).toMatchObject({ url: `${server.url}/api/health` });
  await writeFile(file, `${text(2)}---\ntask:\n  name: three\n  executor: shell\n`);
  const refused = await longshore(['apply', '-f', file]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/tasks\.yaml, document 3 \(task three\): [\s\S]*command/);
});

it('applies each of the sample files as it is', async () => {
  const files = ['1-shell', '2-http', '3-python', '4-cron', '5-retry', '6-rest-sync', '7-webhook'].map((name) =>
    path.join('examples', `${name}.yaml`),
  );
  const applied = await json('apply', ...files.flatMap((file) => ['-f', file]));
  expect(applied).toHaveLength(files.length);
  for (const name of ['sample-checksums', 'sample-health', 'sample-retry']) {
    const run = await longshore(['task', 'run', name, '--wait']);
    expect(run.code, run.stderr).toBe(0);
  }
  await json('task', 'disable', 'sample-every-minute');
});

it('shows, drains and enables the worker that it started', async () => {
  expect(await json('worker', 'list')).toMatchObject([{ id: 'cli-worker', status: 'online' }]);
  expect(await json('worker', 'drain', 'cli-worker')).toMatchObject({ enabled: false });
  expect(await json('worker', 'enable', 'cli-worker')).toMatchObject({ enabled: true });
  expect(await json('worker', 'set', 'cli-worker', '--max-tasks', '3')).toMatchObject({ max_tasks: 3 });
  expect((await longshore(['worker', 'show', 'nobody'])).code).toBe(5);
});

it('makes a key that can do what it was given, and nothing after it is revoked', async () => {
  const made = await longshore(['key', 'create', 'reader', '--permission', 'scheduler_view']);
  expect(made.code, made.stderr).toBe(0);
  const env = { LONGSHORE_SERVER: server.url, LONGSHORE_TOKEN: made.stdout.trim() };
  expect((await longshore(['task', 'list'], { env })).code).toBe(0);
  expect((await longshore(['task', 'create', 'x', '--command', 'true'], { env })).code).toBe(4);
  const keys = await json('key', 'list');
  const { id } = keys.find((key: { name: string }) => key.name === 'reader');
  expect((await longshore(['key', 'revoke', id])).code).toBe(0);
  const refused = await longshore(['task', 'list'], { env });
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/longshore login/);
});

it('signs in with a password, keeps a key of its own, and revokes it on the way out', async () => {
  const elsewhere = { XDG_CONFIG_HOME: path.join(home, 'elsewhere'), LONGSHORE_DATA_DIR: path.join(home, 'nothing') };
  const login = await longshore(['login', server.url, '--name', 'test', '--username', 'admin', '--password-stdin'], {
    env: elsewhere,
    input: `${ADMIN_PASSWORD}\n`,
  });
  expect(login.code, login.stderr).toBe(0);
  const stored = await readFile(path.join(elsewhere.XDG_CONFIG_HOME, 'longshore/profiles.yaml'), 'utf8');
  expect(stored).not.toContain(ADMIN_PASSWORD);
  expect((await longshore(['status'], { env: elsewhere })).code).toBe(0);
  const token = /token: (\S+)/.exec(stored)?.[1] ?? '';
  expect((await longshore(['logout'], { env: elsewhere })).code).toBe(0);
  expect((await longshore(['status'], { env: elsewhere })).code).toBe(3);
  expect((await server.call('GET', '/api/tasks', { token })).status).toBe(401);
  const wrong = await longshore(['login', server.url, '--username', 'admin', '--password-stdin'], {
    env: elsewhere,
    input: 'not the password',
  });
  expect(wrong.code).toBe(4);
});

it('works on the users of the database itself', async () => {
  const database = await createTestDatabase();
  const env = { DATABASE_URL: database.url };
  const run = (words: string[], input?: string) => longshore(words, { env, ...(input === undefined ? {} : { input }) });
  const made = await run(['user', 'create', 'ada', '--role', 'admin', '--generate']);
  expect(made.code, made.stderr).toBe(0);
  expect(made.stdout.trim()).toMatch(/^\w{20}$/);
  expect((await run(['user', 'create', 'Ada', '--generate'])).code).toBe(6);
  expect((await run(['user', 'create', 'bob', '--password-stdin'], 'short')).code).toBe(2);
  expect((await run(['user', 'create', 'bob', '--password-stdin'], 'a long enough one')).code).toBe(0);
  expect((await run(['user', 'set-role', 'bob', 'operator'])).stdout).toBe('bob is operator now.\n');
  expect((await run(['user', 'reset-password', 'bob', '--generate'])).code).toBe(0);
  expect((await run(['user', 'deactivate', 'bob'])).code).toBe(0);
  expect((await run(['user', 'deactivate', 'ada'])).code).toBe(6);
  expect((await run(['user', 'set-role', 'carol', 'admin'])).code).toBe(5);
  const { stdout } = await run(['user', 'list', '-o', 'json']);
  expect(JSON.parse(stdout)).toMatchObject([
    { username: 'ada', role: 'admin', isActive: true },
    { username: 'bob', role: 'operator', isActive: false },
  ]);
});

it('backs up one database and restores it into another, and says what is not in it', async () => {
  const file = path.join(home, 'all.backup');
  const env = { DATABASE_URL: server.database.url, LONGSHORE_DIRECT_DATABASE_URL: server.database.directUrl };
  const saved = await longshore(['db', 'backup', file], { env });
  expect(saved.code, saved.stderr).toBe(0);
  expect(saved.stderr).toMatch(/master key is NOT in the backup/);
  const target = await createTestDatabase({ migrated: false });
  const into = { DATABASE_URL: target.url, LONGSHORE_DIRECT_DATABASE_URL: target.directUrl };
  const restored = await longshore(['db', 'restore', file], { env: into });
  expect(restored.code, restored.stderr).toBe(0);
  expect((await target.store.query('SELECT name FROM longshore.jobs ORDER BY name')).length).toBeGreaterThan(0);
  expect((await longshore(['db', 'restore', file], { env: into })).code).toBe(6);
  expect((await longshore(['db', 'migrate'], { env: into })).stdout).toBe('The schema is up to date.\n');
});

it('renews the key of this machine when it has been revoked', async () => {
  const keys = await json('key', 'list');
  const { id } = keys.find((key: { name: string }) => key.name === 'command line on the server');
  await json('key', 'revoke', id);
  expect((await longshore(['status'])).code).toBe(4);
  await ensureLocalKey(server.store, server.config.dataDir);
  const before = await readFile(path.join(server.config.dataDir, 'cli.key'), 'utf8');
  expect((await longshore(['status'])).code).toBe(0);
  await ensureLocalKey(server.store, server.config.dataDir);
  expect(await readFile(path.join(server.config.dataDir, 'cli.key'), 'utf8')).toBe(before);
});

it.each([
  ['an unknown command', ['taks', 'list'], /Did you mean task\?/],
  ['an unknown subcommand', ['task', 'craete'], /Did you mean create\?/],
  ['an unknown option', ['task', 'list', '--serach', 'x'], /Did you mean --search\?/],
  ['an unknown format', ['task', 'list', '-o', 'xml'], /table, json, yaml/],
  ['a number that is none', ['task', 'create', 'x', '--command', 'true', '--timeout', 'soon'], /whole number/],
  ['a task that does nothing', ['task', 'create', 'x'], /--command, --script or --url/],
  ['an invalid schedule', ['task', 'create', 'x', '--command', 'true', '--schedule', '0 0 31 2 *'], /schedule/],
  ['an invalid setting', ['task', 'list', '--server', 'ftp://x'], /--server: must begin with http/],
  ['a run that is no number', ['run', 'show', 'latest'], /no run id/],
])('refuses %s with exit code 2 and says what would be right', async (_what, words, message) => {
  const { code, stdout, stderr } = await longshore(words);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/\n {4}at /);
  expect([code, stdout]).toEqual([2, '']);
});

it('says with exit code 3 that a server cannot be reached', async () => {
  expect((await longshore(['status', '--server', 'http://127.0.0.1:9'])).code).toBe(3);
  expect((await longshore(['db', 'status'], { env: { DATABASE_URL: 'postgresql://127.0.0.1:9/x' } })).code).toBe(3);
});

it('explains its exit codes', async () => {
  const { code, stdout } = await longshore(['help', 'exit-codes']);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Exit codes:[\s\S]*\n +130 /)]);
});
