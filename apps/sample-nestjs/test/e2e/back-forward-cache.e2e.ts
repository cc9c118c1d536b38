import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { launchBrowser } from './harness/browser.js';
import { freightDemo } from './harness/sample-users.js';
import { useStage } from './harness/stage.js';
import { newVisitor } from './harness/visitor.js';

// Browsers keep whole pages, as they stand, for the way back: Chromium also those that say `no-store`. Playwright turns that off, and
// the small Chromium that comes by npm cannot do it at all, so this takes a complete one.
describe.skipIf(inject('completeChromiumPath') === '')('a browser that keeps pages for the way back', () => {
  const stage = useStage();
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser({
      executablePath: inject('completeChromiumPath'),
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
  });
  afterAll(() => browser.close());

  it.each(['Sign out', 'Sign out everywhere'])('brings nothing private back after "%s"', async (button) => {
    // Else there would be nothing to see.
    expect(await keepsPages(browser)).toBe(true);
    const { page, signIn, press, context: own } = await newVisitor(browser, stage.app.origin);
    await signIn(freightDemo);
    expect(await page.content()).toContain('Example Freight');
    await press(button);
    await goBack(page);
    await expect.poll(() => page.evaluate('location.pathname')).toBe('/sign-in');
    expect(await page.content()).not.toContain('Example Freight');
    await own.close();
  });
});

type AnyPage = Awaited<ReturnType<Browser['newPage']>>;

/** Playwright waits for a load that never comes where a page is brought back as it was. */
async function goBack(page: AnyPage): Promise<void> {
  await page.evaluate('void setTimeout(() => history.back(), 0)');
}

/** Whether a page that anybody may keep comes back with what a script had left in it. */
async function keepsPages(browser: Browser): Promise<boolean> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<title>kept</title>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const page = await browser.newPage();
  try {
    await page.goto(`${origin}/one`);
    await page.evaluate('void (globalThis.mark = 1)');
    await page.goto(`${origin}/two`);
    await goBack(page);
    await expect.poll(() => page.evaluate('location.pathname').catch(() => '')).toBe('/one');
    return (await page.evaluate('globalThis.mark')) === 1;
  } finally {
    await page.close();
    server.closeAllConnections();
    server.close();
  }
}
