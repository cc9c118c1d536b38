import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import { afterAll, inject } from 'vitest';
import './chromium-path.js';

/** The browser of the test file that asks: one for all its tests, ended after the last. */
export function sharedBrowser(): Promise<Browser> {
  return (launched ??= launchBrowser());
}

let launched: Promise<Browser> | undefined;

afterAll(async () => {
  await (await launched)?.close();
  launched = undefined;
});

/** A browser of one's own, to be closed by who asked. */
export function launchBrowser(
  options: Pick<LaunchOptions, 'executablePath' | 'ignoreDefaultArgs'> = {},
): Promise<Browser> {
  return chromium.launch({ executablePath: inject('chromiumPath'), args: quiet, ...options });
}

/** Not the list that the package of Chromium recommends: with that, pages could do what no browser allows. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
