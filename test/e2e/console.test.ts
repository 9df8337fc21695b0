import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemIdentity } from '../../src/auth/identity.ts';
import { createUser } from '../../src/auth/users.ts';
import { HEARTBEAT_SECONDS } from '../../src/protocol/terms.ts';
import type { LeasedRun, LogLine, Outcome, RunRef } from '../../src/protocol/worker.ts';
import { HttpPort } from '../../src/worker/http-port.ts';
import { startTestServer, type TestServer } from '../support/api-server.ts';
import { chromiumPath, launchChromium, openPage } from '../support/browser.ts';
import {
  badge,
  buildConsole,
  DESKTOP,
  main,
  openSignedIn,
  overflow,
  PHONE,
  settle,
  signIn,
  toast,
} from '../support/console.ts';
import { registration } from '../support/runs.ts';

/*
 * The console as it is built, in a real browser, on a real server. The worker's part is played by the test itself,
 * over the workers' protocol, so that it decides what happens when.
 */

let server: TestServer;
let browser: Browser;
let folder: string;

const open = (address: string, options = DESKTOP) => openSignedIn(browser, server.url, address, options);

let taskNumber = 0;
async function createTask(fields: object = {}): Promise<{ id: number; name: string }> {
  taskNumber += 1;
  const body = { name: `task-${taskNumber}`, executor: 'shell', command: 'echo hello', ...fields };
  const answer = await server.call('POST', '/api/tasks', { body });
  expect(answer.status).toBe(201);
  return answer.body.data;
}

/** A worker that does nothing by itself, and is given only the runs of tasks with its own tag. */
async function startWorker(tag: string) {
  const port = new HttpPort({ server: server.url, token: await server.apiKey('worker'), workerId: tag });
  const { session_id } = await port.register(
    registration({ worker_id: tag, name: tag, tags: [tag], kinds: ['shell'] }),
  );
  let seq = 0;
  const held: RunRef[] = [];
  let beat: Promise<unknown> | undefined;
  // However slowly the browser gets on, its runs stay this worker's. What one beat misses, the next one makes up for.
  const heartbeat = setInterval(() => {
    beat = port.heartbeat({ session_id, held }).catch(() => undefined);
  }, HEARTBEAT_SECONDS * 1000);
  onTestFinished(async () => {
    clearInterval(heartbeat);
    await beat;
    await port.leave(session_id);
    await port.close();
  });
  return {
    async lease(): Promise<LeasedRun> {
      const [run] = await port.lease({ session_id, limit: 1, wait_ms: 30_000 }, new AbortController().signal);
      if (!run) throw new Error('no run was leased');
      held.push({ id: run.id, epoch: run.epoch });
      return run;
    },
    write({ id, epoch }: LeasedRun, ...lines: Partial<LogLine>[]) {
      const logs = lines.map((line): LogLine => {
        seq += 1;
        const defaults = { level: 'info', stream: 'stdout', message: '' } as const;
        return { id, epoch, seq, at: new Date().toISOString(), ...defaults, ...line };
      });
      return port.update({ session_id, logs, updates: [] });
    },
    report({ id, epoch }: LeasedRun, outcome: Partial<Outcome>) {
      const defaults = { status: 'succeeded', retryable: false, log_bytes: 0 } as const;
      return port.report({ session_id, outcomes: [{ id, epoch, ...defaults, ...outcome }] });
    },
  };
}

describe.skipIf(chromiumPath === undefined)('the console (needs Chromium)', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    folder = await buildConsole();
    server = await startTestServer({}, folder);
    browser = await launchChromium(chromiumPath ?? '');
  });

  afterAll(() => browser?.close());

  test('signing in goes on to the page that was asked for, and survives a reload', async () => {
    const watched = await openPage(browser, server.url, DESKTOP);
    settle(watched);
    const { page } = watched;
    await page.goto('/tasks?status=paused');
    await signIn(page, 'admin', 'not the password');
    await page.getByRole('alert').getByText('The username or the password is wrong.').waitFor();
    await page.getByRole('alert').getByText('Request id').waitFor();
    await signIn(page);
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    expect(new URL(page.url()).search).toBe('?status=paused');
    await page.reload();
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    const { cookies, origins } = await page.context().storageState();
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
    const token = await page.evaluate(
      "fetch('/api/me').then((answer) => answer.json()).then(({ data }) => data.csrf_token)",
    );
    expect(token).toEqual(expect.any(String));
    const readable = JSON.stringify([origins, await page.evaluate('[{ ...sessionStorage }, document.cookie]')]);
    for (const secret of [token as string, cookies[0]?.value ?? '']) expect(readable).not.toContain(secret);
  });

  test('signing out ends the session, here and in the browser', async () => {
    const page = await open('/');
    await page.getByRole('button', { name: 'Account of admin' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto('/tasks');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('a session that was ended elsewhere leads to the sign-in and back to where one was', async () => {
    const page = await open('/tasks');
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await page.context().clearCookies();
    await page.getByText('Your session has ended.').waitFor();
    await signIn(page);
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
  });

  test('the overview shows health, figures and workers', async () => {
    await startWorker('worker-of-overview');
    const page = await open('/');
    await page.getByText('Everything is running').waitFor();
    await page.getByRole('heading', { name: 'Success rate' }).waitFor();
    const row = page.getByRole('row').filter({ hasText: 'worker-of-overview' });
    await row.getByText('Online').waitFor();
    await row.getByText('0 of 10').waitFor();
  });

  test('a task is created; what the server refuses is said at its field', async () => {
    const page = await open('/tasks');
    await main(page).getByRole('link', { name: 'New task' }).first().click();
    await page.getByRole('button', { name: 'Create task' }).click();
    await page.getByText('This is needed.').first().waitFor();
    await page.getByLabel('Name', { exact: true }).fill('nightly');
    await page.getByLabel('Command').fill('echo good night');
    await page.getByRole('button', { name: 'Add a variable' }).click();
    await page.getByLabel('Environment: Name 1').fill('API_TOKEN');
    await page.getByLabel('Environment: Value 1').fill('hush');
    await page.getByLabel('Cron schedule').fill('0 0 31 2 *');
    // A schedule brings fields, and takes away what was said of it: under a mouse the button might move away.
    await page.getByRole('button', { name: 'Create task' }).press('Enter');
    const field = page.locator('.ant-form-item', { has: page.getByLabel('Cron schedule') });
    await field.getByText(/never/).waitFor();
    await page.getByRole('button', { name: 'Daily at 02:00' }).click();
    await page.getByRole('button', { name: 'Create task' }).press('Enter');
    await page.getByRole('heading', { name: 'nightly' }).waitFor();
    await main(page).getByText('0 2 * * *').waitFor();
    await main(page).getByText('API_TOKEN=***').waitFor();
    const { body } = await server.call('GET', '/api/tasks?search=nightly');
    expect(body.data.items).toMatchObject([
      { name: 'nightly', executor: 'shell', command: 'echo good night', schedule: '0 2 * * *' },
    ]);
  });

  test('an edit changes what was changed and keeps the rest, secrets too', async () => {
    const task = await createTask({
      environment: { TOKEN: 'hush', LANG: 'C' },
      jitter_seconds: 7,
      schedule: '0 0 * * *',
    });
    const page = await open(`/tasks/${task.id}/edit`);
    await page.getByLabel('Retries').fill('4');
    await page.getByText('Limits', { exact: true }).click();
    await page.getByLabel('Memory (MiB)').fill('256');
    await page.getByLabel('Webhook').fill('https://example.com/hook');
    // The shorter name comes first.
    await page.getByLabel('Environment: Value 1').fill('C.UTF-8');
    await Promise.all([
      toast(page, /The changes are saved/),
      page.getByRole('button', { name: 'Save changes' }).press('Enter'),
    ]);
    const rows = await server.store.query<{ spec: object; retry_count: number; jitter_seconds: number }>(
      'SELECT spec, retry_count, jitter_seconds FROM longshore.jobs WHERE id = $1',
      [task.id],
    );
    expect(rows).toEqual([
      {
        spec: {
          command: 'echo hello',
          environment: { TOKEN: { $secret: expect.any(String) }, LANG: 'C.UTF-8' },
          limits: { memory_mb: 256 },
        },
        retry_count: 4,
        jitter_seconds: 7,
      },
    ]);
  });

  test('a task is paused, disabled, enabled and deleted', async () => {
    const task = await createTask();
    const page = await open(`/tasks/${task.id}`);
    for (const [button, status] of [
      ['Pause', 'Paused'],
      ['Disable', 'Disabled'],
      ['Enable', 'Active'],
    ] as const) {
      await Promise.all([
        toast(page, `Status changed: ${status}`),
        main(page).getByRole('button', { name: button }).click(),
      ]);
      await badge(page, status);
    }
    await main(page).getByRole('button', { name: 'Delete' }).click();
    const question = page.getByRole('dialog');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'hidden' });
    expect((await server.call('GET', `/api/tasks/${task.id}`)).status).toBe(200);
    await main(page).getByRole('button', { name: 'Delete' }).click();
    await question.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    expect((await server.call('GET', `/api/tasks/${task.id}`)).status).toBe(404);
  });

  test('the list is searched, filtered and paged, and its address says how', async () => {
    for (let index = 0; index < 21; index += 1) await createTask({ name: `paged ${index}`, status: 'paused' });
    const page = await open('/tasks');
    const rows = page.getByRole('table').getByRole('row');
    await page.getByRole('searchbox').fill('paged 1');
    await page.waitForURL(/search=paged/);
    // 1, 10 … 19, and the heading; the list of all, which has some of them too, may still be shown.
    await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(12);
    await page.getByRole('searchbox').fill('paged');
    await page.getByText('21 in all').waitFor();
    await page.getByRole('listitem', { name: '2' }).click();
    await page.waitForURL(/page=2/);
    await page.getByRole('link', { name: 'paged 0' }).waitFor();
    await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(2);
    await page.getByText('Active', { exact: true }).first().click();
    await page.getByText('No task matches.').waitFor();
    expect(new URL(page.url()).searchParams.get('page')).toBeNull();
  });

  test('a run is started and its log read as it is written', async () => {
    const worker = await startWorker('worker-of-log');
    const task = await createTask({ tags: ['worker-of-log'] });
    const page = await open(`/tasks/${task.id}`);
    // The message with the link is gone again after three seconds.
    await Promise.all([
      page.getByRole('link', { name: 'Open it' }).press('Enter'),
      page.getByRole('button', { name: 'Run now' }).click(),
    ]);
    const run = await worker.lease();
    await badge(page, 'Running');
    const log = page.getByRole('log');
    await worker.write(run, { message: 'first line' }, { message: '第二行', stream: 'stderr' });
    await log.getByText('第二行').waitFor();
    await worker.write(run, { message: '<b>not markup</b>' });
    await log.getByText('<b>not markup</b>').waitFor();
    await worker.report(run, { exit_code: 0 });
    await badge(page, 'Success');
    await badge(page, 'Complete');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    expect(text.split('\n').map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      'stdout first line',
      'stderr 第二行',
      'stdout <b>not markup</b>',
      '',
    ]);
  });

  test('a log goes on where it was when its connection breaks', async () => {
    const worker = await startWorker('worker-of-break');
    const task = await createTask({ tags: ['worker-of-break'] });
    const { body } = await server.call('POST', `/api/tasks/${task.id}/trigger`);
    const run = await worker.lease();
    await worker.write(run, { message: 'before' });
    const page = await open(`/runs/${body.data.id}`);
    const log = page.getByRole('log');
    await log.getByText('before').waitFor();
    // The connection is cut, and no other one opened until it is let through.
    await page.route('**/logs?*', (route) => route.abort());
    server.app.server.closeAllConnections();
    await page.getByText('Connecting again…').waitFor();
    await worker.write(run, { message: 'while away' });
    await page.unroute('**/logs?*');
    await log.getByText('while away').waitFor();
    expect(await log.getByText('before').count()).toBe(1);
    await worker.report(run, {});
    await badge(page, 'Complete');
  });

  test('a failed run says why', async () => {
    const worker = await startWorker('worker-of-failure');
    const task = await createTask({ tags: ['worker-of-failure'] });
    const { body } = await server.call('POST', `/api/tasks/${task.id}/trigger`);
    await worker.report(await worker.lease(), { status: 'failed', exit_code: 3, error: 'it exited with code 3' });
    const page = await open(`/runs/${body.data.id}`);
    await page.getByRole('alert').getByText('it exited with code 3').waitFor();
    await badge(page, 'Failed');
    await page.getByRole('log').getByText('Nothing was written.').waitFor();
  });

  test('a waiting run is cancelled after a question', async () => {
    const task = await createTask();
    const { body } = await server.call('POST', `/api/tasks/${task.id}/trigger`);
    const page = await open(`/runs/${body.data.id}`);
    await badge(page, 'Pending');
    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
    await badge(page, 'Cancelled');
    await page.getByRole('button', { name: 'Cancel run' }).waitFor({ state: 'detached' });
  });

  test('who may only look is offered nothing else', async () => {
    const user = { username: 'onlooker', password: 'a long enough password', role: 'user' };
    await server.store.transaction((tx) => createUser(tx, { identity: systemIdentity('test') }, user));
    const task = await createTask();
    const watched = await openPage(browser, server.url, DESKTOP);
    settle(watched);
    const { page } = watched;
    await page.goto(`/tasks/${task.id}`);
    await signIn(page, user.username, user.password);
    await page.getByRole('heading', { name: task.name }).waitFor();
    await page.getByText('This task has not run yet.').waitFor();
    expect(await main(page).getByRole('button').count()).toBe(0);
    await page.getByRole('link', { name: 'Tasks' }).click();
    await page.getByRole('link', { name: task.name }).waitFor();
    expect(await page.getByRole('link', { name: 'New task' }).count()).toBe(0);
  });

  test('language and colours are kept', async () => {
    const page = await open('/tasks');
    const theme = () => page.evaluate('document.documentElement.dataset.theme');
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '任务' }).waitFor();
    await page.getByRole('button', { name: '配色: 跟随系统' }).click();
    await page.getByRole('button', { name: '配色: 浅色' }).click();
    await page.getByRole('button', { name: '配色: 深色' }).waitFor();
    expect(await theme()).toBe('dark');
    await page.reload();
    await page.getByRole('heading', { name: '任务' }).waitFor();
    expect(await theme()).toBe('dark');
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN');
  });

  test('on a phone nothing sticks out, and the navigation opens and closes', async () => {
    const task = await createTask({ name: `x${'_very_long'.repeat(19)}`, schedule: '*/5 * * * *' });
    const page = await open('/', PHONE);
    for (const address of ['/', '/tasks', `/tasks/${task.id}`, '/tasks/new']) {
      await page.goto(address);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect(await overflow(page), address).toBeLessThanOrEqual(0);
    }
    await page.getByRole('button', { name: 'Open the navigation' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Tasks' }).click();
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  test('everything can be reached with the keyboard alone', async () => {
    const page = await open('/tasks');
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    // The link past the navigation leads to the content, whose first link is the next stop.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New task' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement?.closest("main") !== null')).toBe(true);
  });

  test('files come compressed and are cached for good by their hash, the page itself never', async () => {
    const assets = await readdir(path.join(folder, 'assets'));
    expect(assets.length).toBeGreaterThan(10);
    for (const asset of assets) expect(asset).toMatch(/-[\w-]{8}\.(js|css)(\.br|\.gz)?$/);
    const large = assets.find((asset) => assets.includes(`${asset}.br`));
    const { headers } = await server.call('GET', `/assets/${large}`, {
      token: '',
      headers: { 'Accept-Encoding': 'br' },
    });
    expect(headers.get('cache-control')).toMatch(/immutable/);
    expect(headers.get('content-encoding')).toBe('br');
    const page = await server.call('GET', '/tasks/1', { token: '', headers: { Accept: 'text/html' } });
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.body).not.toMatch(/<script(?![^>]*src=)/);
  });
});
