import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemIdentity } from '../../src/auth/identity.ts';
import { createUser } from '../../src/auth/users.ts';
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
import { SyncStage } from '../support/sync-stage.ts';

/*
 * The console's pages of data sync in a real browser, on a real server with a real worker, reading from a real REST
 * service that the tests command.
 */

const CUSTOMERS = 25;
const PASSWORD = 'a long enough password';

let stage: SyncStage;
let browser: Browser;

const open = (address: string, options = DESKTOP) => openSignedIn(browser, stage.server.url, address, options);

async function openAs(username: string, role: string, address: string): Promise<Page> {
  const { store, url } = stage.server;
  const user = { username, password: PASSWORD, role };
  await store.transaction((tx) => createUser(tx, { identity: systemIdentity('test') }, user));
  const watched = await openPage(browser, url, DESKTOP);
  settle(watched);
  await watched.page.goto(address);
  await signIn(watched.page, username, PASSWORD);
  return watched.page;
}

let count = 0;
/** A job that reads customers, 10 a page, into a table of its own, as the API takes it. */
function jobBody(fields: object = {}) {
  count += 1;
  return {
    name: `job ${count}`,
    connector: {
      type: 'rest_api',
      config: {
        base_url: stage.rest.url,
        endpoints: [{ path: '/page/customers', pagination: { type: 'page', limit: 10 } }],
      },
    },
    destination: { type: 'database', table: `console_${count}`, mode: 'upsert', key_columns: ['id'] },
    batch_size: 10,
    ...fields,
  };
}

/** Chooses one of the options of a field that opens. */
async function choose(field: Locator, option: string): Promise<void> {
  await field.click();
  await field.page().locator('.ant-select-dropdown:visible').getByTitle(option, { exact: true }).click();
}

const step = (page: Page, number: number) => page.getByRole('region', { name: `Steps, in order ${number}` });

describe.skipIf(chromiumPath === undefined)(
  'data sync in the console (needs Chromium)',
  {
    timeout: 300_000,
  },
  () => {
    beforeAll(async () => {
      stage = await SyncStage.start({}, await buildConsole());
      browser = await launchChromium(chromiumPath ?? '');
      stage.rest.datasets.set('customers', {
        count: CUSTOMERS,
        record: (index) => ({
          id: index + 1,
          name: index % 2 === 0 ? `客户 ${index}` : `Customer ${index}`,
          email: index === 7 ? 'nobody' : `c${index}@example.com`,
        }),
      });
    });

    afterAll(() => browser?.close());

    test('a job is made in fields, previewed, run, and what it refused taken again when it is mended', async () => {
      const page = await open('/sync/jobs');
      await main(page).getByRole('link', { name: 'New sync job' }).first().click();
      await page.getByRole('button', { name: 'Create sync job' }).click();
      await page.getByText('4 fields have to be filled in.').waitFor();
      expect(await page.evaluate('document.activeElement?.id')).toBe('field-name');

      await page.getByLabel('Name', { exact: true }).fill('customers');
      await page.getByLabel('Base URL').fill(stage.rest.url);
      await page.getByLabel('Path', { exact: true }).fill('/page/customers');
      await choose(page.getByLabel('Pages', { exact: true }), 'By page number');
      await page.getByLabel('Records a page').fill('10');
      await page.getByRole('button', { name: 'Add to Steps, in order' }).click();
      await page.getByLabel('Source field → destination name: Name 1').fill('name');
      await page.getByLabel('Source field → destination name: Value 1').fill('customer_name');
      await page.getByRole('button', { name: 'Add to Steps, in order' }).click();
      await choose(step(page, 2).getByLabel('Type', { exact: true }), 'Validate');
      await choose(step(page, 2).getByLabel('Rule', { exact: true }), 'E-mail address');
      await step(page, 2).getByLabel('Field', { exact: true }).fill('email');
      await page.getByLabel('Table', { exact: true }).fill('customers');
      await choose(page.getByLabel('Write mode'), 'Upsert by key');
      await page.getByRole('button', { name: 'Save and preview' }).click();
      // What only the server knows is said at the field.
      const keys = page.locator('.ant-form-item', { has: page.getByLabel('Key columns') });
      await keys.getByText(/required to upsert/).waitFor();
      await page.getByLabel('Key columns').fill('id');
      await page.getByLabel('Key columns').press('Enter');
      // What was said at the field goes: under a mouse the button might move away between down and up.
      await page.getByRole('button', { name: 'Save and preview' }).press('Enter');

      await page.getByRole('heading', { name: 'Before: 10 records' }).waitFor();
      await page.getByRole('heading', { name: 'After: 9 records' }).waitFor();
      const after = page.getByRole('region', { name: 'Records after the transformations' });
      await after.getByRole('columnheader', { name: 'customer_name' }).waitFor();
      await after.getByRole('cell', { name: '客户 0' }).waitFor();
      await page.getByRole('heading', { name: 'Refused: 1 record' }).waitFor();

      await page.getByRole('tab', { name: 'Overview' }).click();
      await main(page).getByRole('button', { name: 'Start' }).click();
      await page.getByText('1 record was refused by the latest run.').waitFor();
      await badge(page, 'Completed');
      const rows = () => stage.query('SELECT id, customer_name FROM data.customers ORDER BY id');
      expect(await rows()).toHaveLength(CUSTOMERS - 1);

      // The rule goes, and the record that it refused can come in.
      await page.getByRole('link', { name: 'Edit' }).click();
      await page.getByRole('button', { name: 'Remove Steps, in order 2' }).click();
      await Promise.all([
        toast(page, /The changes are saved/),
        page.getByRole('button', { name: 'Save changes' }).press('Enter'),
      ]);
      await page.getByRole('tab', { name: 'Quarantine' }).click();
      await page.getByText('email must be an email address', { exact: false }).waitFor();
      await page.getByRole('checkbox').first().check();
      await page.getByRole('button', { name: 'Take 1 record again' }).click();
      await page.getByText(/taken again by run_\d+/).waitFor();
      await expect.poll(rows, { timeout: 60_000 }).toHaveLength(CUSTOMERS);
      expect(await rows()).toContainEqual({ id: 8, customer_name: 'Customer 7' });
    });

    test('progress is told as it happens; a run is paused, resumed and cancelled', async () => {
      const id = await stage.create(jobBody());
      const page = await open('/sync/jobs');
      const events: string[] = [];
      page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => events.push(String(payload))));
      await page.goto(`/sync/jobs/${id}`);
      await page.getByText('This sync job has not run yet.').waitFor();
      await expect.poll(() => events.some((text) => text.includes('subscribed')), { timeout: 60_000 }).toBe(true);
      // It stands still behind its second page until somebody ends it.
      const asked = stage.rest.seen.length;
      stage.rest.order('pass', 'pass', 'hang');
      await main(page).getByRole('button', { name: 'Start' }).click();
      await badge(page, 'Running');
      await expect.poll(() => events.some((text) => text.includes('"sync_progress"')), { timeout: 60_000 }).toBe(true);
      await main(page)
        .getByText(/^[12]0 records$/)
        .waitFor();
      // Paused any earlier, it would stand still once more when it is resumed.
      await stage.rest.asked(asked + 3);
      await main(page).getByRole('button', { name: 'Pause' }).click();
      await badge(page, 'Paused');
      await main(page).getByRole('button', { name: 'Resume' }).click();
      await badge(page, 'Completed');
      await page.getByRole('tab', { name: 'Log' }).click();
      await page.getByRole('log').getByText('25 records read', { exact: false }).waitFor();
      await page.getByRole('tab', { name: 'Overview' }).click();
      stage.rest.order('pass', 'hang');
      await main(page).getByRole('button', { name: 'Start' }).click();
      await badge(page, 'Running');
      await main(page).getByRole('button', { name: 'Cancel run' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
      await badge(page, 'Cancelled');
      stage.rest.calm();
      await page.getByRole('tab', { name: 'Runs' }).click();
      await page.getByText('25 read', { exact: false }).waitFor();
    });

    test('without live events the pages ask', async () => {
      const id = await stage.create(jobBody());
      const page = await open('/sync/jobs');
      await page.route('**/v1/sync/ws/ticket', (route) => route.abort());
      await page.goto('/sync/jobs?search=job');
      const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: `job ${count}`, exact: true }) });
      await row.getByText('Pending').waitFor();
      await stage.start(id);
      await row.getByText('Completed').waitFor();
      await row.getByRole('button', { name: `More for job ${count}` }).click();
      await page.getByRole('menuitem', { name: 'Delete' }).click();
      await Promise.all([
        toast(page, /is deleted/),
        page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click(),
      ]);
      await row.waitFor({ state: 'detached' });
    });

    test('as JSON all of a job can be said; secrets that are stored stay', async () => {
      const { connector } = jobBody();
      const auth = { type: 'bearer', token: 'hush' };
      const secret = jobBody({ connector: { ...connector, config: { ...connector.config, auth } } });
      const id = await stage.create(secret);
      const page = await open(`/sync/jobs/${id}/edit`);
      await page.getByText('JSON', { exact: true }).click();
      const editor = page.getByRole('textbox', { name: 'Definition as JSON' });
      const text = await editor.inputValue();
      expect(JSON.parse(text)).toMatchObject({ connector: { config: { auth: { token: '***' } } } });
      await editor.fill('{');
      await page.getByText('This is no valid JSON yet.').waitFor();
      expect(await page.getByRole('button', { name: 'Save changes' }).isDisabled()).toBe(true);
      await editor.fill(text.replace('"limit": 10', '"limit": 7'));
      await page.getByText('This is no valid JSON yet.').waitFor({ state: 'detached' });
      // The editor grows with its text: under a mouse the button might move away between down and up.
      await Promise.all([
        toast(page, /The changes are saved/),
        page.getByRole('button', { name: 'Save changes' }).press('Enter'),
      ]);
      await page.getByRole('tab', { name: 'Definition' }).click();
      await page.getByText('"limit": 7').waitFor();
      const seen = stage.rest.seen.length;
      await stage.complete(id);
      expect(stage.rest.seen[seen]).toMatchObject({ headers: { authorization: 'Bearer hush' }, query: { limit: '7' } });
    });

    test('a conflict is decided with values of both sides', async () => {
      const body = jobBody({ conflict: { strategy: 'manual' } });
      const id = await stage.create(body);
      await stage.complete(id);
      const { table } = body.destination;
      await stage.query(`UPDATE data.${table} SET name = 'by hand', email = 'by@hand' WHERE id = 3`);
      const { record } = stage.rest.datasets.get('customers') ?? {};
      if (!record) throw new Error('no customers');
      stage.rest.datasets.set('customers', {
        count: CUSTOMERS,
        record: (index) => ({ ...record(index), ...(index === 2 ? { name: '新名' } : {}) }),
      });
      await stage.complete(id);
      const page = await open('/sync/conflicts?status=pending');
      await page.getByRole('link', { name: '3', exact: true }).click();
      await page.getByRole('cell', { name: 'by hand' }).waitFor();
      await page.getByLabel('To write: name').fill('新名 by hand');
      await page.getByRole('button', { name: 'Write these values' }).click();
      await badge(page, 'Merged');
      const rows = () => stage.query(`SELECT name FROM data.${table} WHERE id = 3`);
      await expect.poll(rows, { timeout: 60_000 }).toEqual([{ name: '新名 by hand' }]);
    });

    test('a file becomes a dataset, with its quality, records and downloads', async () => {
      const page = await open('/sync/files');
      await page.setInputFiles('input[type=file]', {
        name: 'fruit.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from('id,name,price\n1,苹果,1.5\n2,Pear,\n3,🍑,2\n'),
      });
      await page.getByLabel('Dataset', { exact: true }).fill('水果');
      await page.getByRole('button', { name: 'Upload', exact: true }).click();
      const file = page.getByRole('article', { name: 'fruit.csv' });
      await file.getByText('Loaded').waitFor();
      await file.getByRole('link', { name: '水果' }).click();
      await page.getByRole('heading', { name: 'Datasets' }).waitFor();
      await main(page).getByRole('link', { name: '水果' }).click();
      await page.getByRole('heading', { name: '水果' }).waitFor();
      const price = page.getByRole('row').filter({ has: page.getByRole('cell', { name: 'price' }) });
      await price.getByText('1 (33.3%)').waitFor();
      await page.getByText('Completeness').waitFor();
      await page.getByRole('tab', { name: 'Records' }).click();
      const records = page.getByRole('region', { name: 'Records' });
      await records.getByRole('cell', { name: '🍑' }).waitFor();
      await choose(page.getByLabel('Column'), 'id');
      await page.getByLabel('Value, as text').fill('2');
      await page.getByLabel('Value, as text').press('Enter');
      await records.getByRole('cell', { name: 'Pear' }).waitFor();
      await records.getByRole('cell', { name: '🍑' }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Download' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'CSV', exact: true }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('水果.csv');
      expect(await readFile(await download.path(), 'utf8')).toContain('3,🍑,2');
    });

    test('a load and a count that have failed say why, and the load is tried again', async () => {
      const page = await open('/sync/files');
      await page.setInputFiles('input[type=file]', {
        name: 'again.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from('id\n1\n2\n'),
      });
      await page.getByLabel('Dataset', { exact: true }).fill('again');
      await page.getByRole('button', { name: 'Upload', exact: true }).click();
      const file = page.getByRole('article', { name: 'again.csv' });
      await file.getByText('Loaded').waitFor();
      await stage.query(
        `UPDATE longshore.runs SET state = 'dead', output = NULL, error = 'its worker was lost'
         WHERE name = 'load into again'`,
      );
      await page.reload();
      await file.getByText('its worker was lost').waitFor();
      await file.getByRole('button', { name: 'Try again' }).click();
      await file.getByText('Loaded').waitFor();
      expect(await stage.query('SELECT id FROM data.again ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
      // The count is made when the load's end is reported, a moment after it shows.
      const uncounted = () =>
        stage.query(`SELECT run_id FROM longshore.reports UNION ALL
          SELECT id FROM longshore.runs WHERE name = 'profile of again' AND finished_at IS NULL`);
      await expect.poll(uncounted, { timeout: 60_000 }).toEqual([]);
      await stage.query(
        `UPDATE longshore.runs SET state = 'failed', error = 'permission denied for table again'
         WHERE name = 'profile of again'`,
      );
      await file.getByRole('link', { name: 'again' }).click();
      // Until the list is there, the page of files has a link of that name.
      await page.getByRole('heading', { name: 'Datasets' }).waitFor();
      await main(page).getByRole('link', { name: 'again' }).click();
      await page.getByText('It could not be counted: permission denied for table again').waitFor();
    });

    test('a key is shown once, works, and is revoked', async () => {
      const page = await open('/keys');
      await page.getByRole('button', { name: 'New API key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('robot');
      await choose(dialog.getByLabel('Permissions'), 'sync:read');
      await dialog.getByRole('button', { name: 'New API key' }).click();
      const secret = await dialog.getByText(/^sk_/).textContent();
      const call = () => stage.server.call('GET', '/v1/sync/jobs', { token: secret ?? '' });
      expect((await call()).status).toBe(200);
      await dialog.getByRole('button', { name: 'I have copied it' }).click();
      expect(await page.content()).not.toContain(secret ?? 'sk_');
      await page.getByRole('button', { name: 'Revoke: robot' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await page.getByRole('row').filter({ hasText: 'robot' }).getByText('Revoked').waitFor();
      expect((await call()).status).toBe(401);
    });

    test('one changes one’s password, and signs in with the new one', async () => {
      const page = await openAs('forgetful', 'user', '/password');
      const fill = async (current: string, fresh: string, repeated: string) => {
        await page.getByLabel('Present password').fill(current);
        await page.getByLabel('New password', { exact: true }).fill(fresh);
        await page.getByLabel('New password again').fill(repeated);
        // What was said of the last try goes: under a mouse the button might move away between down and up.
        await page.getByRole('button', { name: 'Change password' }).press('Enter');
      };
      await fill(PASSWORD, 'another long password', 'another long passwort');
      await page.getByText('The two are not the same.').waitFor();
      await fill('not it at all', 'another long password', 'another long password');
      await page.getByRole('alert').getByText('Request id').waitFor();
      await fill(PASSWORD, 'another long password', 'another long password');
      await page.getByText('Your password is changed.').waitFor();
      await signIn(page, 'forgetful', 'another long password');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
    });

    test('who may only look is offered nothing else', async () => {
      const id = await stage.create(jobBody());
      const page = await openAs('onlooker', 'user', `/sync/jobs/${id}`);
      await page.getByText('This sync job has not run yet.').waitFor();
      expect(await main(page).getByRole('button').count()).toBe(0);
      expect(await page.getByRole('tab', { name: 'Preview' }).count()).toBe(0);
      await page.getByRole('link', { name: 'Sync jobs' }).click();
      await page.getByRole('link', { name: `job ${count}`, exact: true }).waitFor();
      expect(await page.getByRole('link', { name: 'New sync job' }).count()).toBe(0);
      await page.getByRole('link', { name: 'Files' }).click();
      await page.getByText('Nothing was uploaded from this browser yet.').waitFor();
      expect(await page.getByRole('button', { name: 'Upload', exact: true }).count()).toBe(0);
    });

    test('what is not there, and a server that is away, are said in words', async () => {
      const page = await open('/sync/jobs/job_999999');
      await page.getByRole('alert').getByText('job job_999999', { exact: false }).waitFor();
      await page.goto('/sync/datasets');
      await page.getByRole('heading', { name: 'Datasets' }).waitFor();
      await page.route('**/v1/sync/datasets?*', (route) => route.abort());
      await page.getByRole('searchbox').fill('nothing of the kind');
      await page.getByText('The server cannot be reached.', { exact: false }).waitFor();
      // In this order: the list is asked for again by itself too, and the button is gone when that gets through.
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.unroute('**/v1/sync/datasets?*');
      await page.getByText('No dataset matches.').waitFor();
    });

    test('on a phone, in Chinese and in the dark, nothing sticks out', async () => {
      const id = await stage.create(jobBody({ name: `客户${'很长的名字'.repeat(30)}` }));
      const page = await open('/', PHONE);
      await page.getByRole('button', { name: '中文' }).click();
      const pages = [
        ['/sync/jobs', '同步作业'],
        [`/sync/jobs/${id}`, /^客户/],
        [`/sync/jobs/${id}?tab=runs`, /^客户/],
        ['/sync/jobs/new', '新建同步作业'],
        ['/sync/conflicts', '冲突'],
        ['/sync/datasets', '数据集'],
        ['/sync/files', '文件'],
        ['/keys', 'API 密钥'],
        ['/password', '修改密码'],
      ] as const;
      for (const [address, title] of pages) {
        await page.goto(address);
        await page.getByRole('heading', { level: 1, name: title }).waitFor();
        expect(await overflow(page), address).toBeLessThanOrEqual(0);
      }
    });

    test('a job is found, opened and started with the keyboard alone', async () => {
      const id = await stage.create(jobBody());
      const page = await open('/sync/jobs');
      await page.getByRole('heading', { name: 'Sync jobs' }).waitFor();
      const link = page.getByRole('link', { name: `job ${count}`, exact: true });
      await link.waitFor();
      await main(page).focus();
      const isOn = (target: Locator) => target.evaluate((element) => element === element.ownerDocument.activeElement);
      for (let stops = 0; !(await isOn(link)); stops += 1) {
        expect(stops).toBeLessThan(30);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: `job ${count}`, exact: true }).waitFor();
      const start = main(page).getByRole('button', { name: 'Start' });
      await start.waitFor();
      for (let stops = 0; !(await isOn(start)); stops += 1) {
        expect(stops).toBeLessThan(30);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
      await badge(page, 'Completed');
      expect(await stage.job(id)).toMatchObject({ status: 'completed' });
    });
  },
);
