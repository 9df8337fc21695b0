import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/api-server.ts';
import { chromiumPath, launchChromium, openPage } from '../support/browser.ts';

/*
 * The API pages in a real browser. They come from a package that can load fonts, scripts and more from its maker's
 * servers: here nothing may be asked of anybody else, so that they work offline and tell nobody.
 */
describe.skipIf(chromiumPath === undefined)('/docs (skipped where no Chromium is installed)', () => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await startTestServer();
    browser = await launchChromium(chromiumPath ?? '');
  });
  afterAll(() => browser?.close());

  // On a busy machine a page may well take half a minute.
  test('shows every area from this server alone, under its content policy', { timeout: 300_000 }, async () => {
    const { page, complaints } = await openPage(browser, server.url, { viewport: { width: 1280, height: 800 } });
    await page.goto('/docs');
    await page.getByRole('heading', { name: 'Task scheduler' }).first().waitFor();
    await page.getByText('/api/tasks', { exact: false }).first().waitFor();
    expect(await page.title()).toContain('Longshore API');
    expect(complaints).toEqual([]);
  });
});
