import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { build } from 'vite';
import { expect, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/kernel/package.ts';
import { ADMIN_PASSWORD } from './api-server.ts';
import { openPage, type WatchedPage } from './browser.ts';
import { afterFile } from './cleanup.ts';

/** The console as it is built, in a real browser: what its tests share. */

export const DESKTOP: BrowserContextOptions = {
  viewport: { width: 1280, height: 800 },
  locale: 'en-US',
  colorScheme: 'light',
};
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  locale: 'en-US',
  colorScheme: 'dark',
};

/** Builds the console. @returns its folder, which goes after the file's last test */
export async function buildConsole(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longshore-console-'));
  afterFile(() => rm(folder, { recursive: true, force: true }));
  await build({
    root: path.join(packageRoot, 'console'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  });
  return folder;
}

export async function signIn(page: Page, username = 'admin', password = ADMIN_PASSWORD): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** When the test ends, the page is closed, and that nothing went wrong in it is checked. */
export function settle({ page, complaints }: WatchedPage): void {
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(`The page showed:\n${await page.locator('body').ariaSnapshot()}`);
    // What a route still answers must not fail for want of its page.
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.context().close();
    expect(complaints).toEqual([]);
  });
}

/** A page at `address`, signed in as the first admin. */
export async function openSignedIn(
  browser: Browser,
  url: string,
  address: string,
  options: BrowserContextOptions = DESKTOP,
): Promise<Page> {
  const watched = await openPage(browser, url, options);
  settle(watched);
  await watched.page.goto(address);
  await signIn(watched.page);
  await watched.page.getByRole('heading', { name: 'Sign in' }).waitFor({ state: 'detached' });
  return watched.page;
}

export const main = (page: Page) => page.getByRole('main');
/** Waits for a message. It is gone again after three seconds: wait while what brings it is pressed, not afterwards. */
export const toast = (page: Page, text: string | RegExp) => page.locator('.ant-message').getByText(text).waitFor();
/** Waits for a word that stands alone, such as a status. */
export const badge = (page: Page, text: string) => main(page).getByText(text, { exact: true }).first().waitFor();

/** How many pixels of the page stick out to the right of the screen. */
export async function overflow(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'));
}
