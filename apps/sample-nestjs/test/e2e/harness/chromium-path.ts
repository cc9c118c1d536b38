import { existsSync } from 'node:fs';
import sparticuz from '@sparticuz/chromium';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The browser's program. */
    chromiumPath: string;
    /** That of a complete browser, which keeps pages for the way back; empty where there is none. */
    completeChromiumPath: string;
  }
}

/**
 * Global setup: finds Chromium once, before any file of tests runs. What comes in the npm package is unpacked to a folder of the
 * system at first use, and two files that did so at the same time would each find half of the other's work.
 */
export default async function provideChromiumPath({ provide }: TestProject): Promise<void> {
  const { PLAYWRIGHT_CHROMIUM: given, CI } = process.env;
  const complete = [given ?? '', ...installed].find((path) => existsSync(path));
  if (complete === undefined && CI) throw new Error(missing);
  if (complete === undefined) process.stderr.write(`SKIPPED: ${missing}\n`);
  // That of npm is for Linux on x64.
  const isForHere = process.platform === 'linux' && process.arch === 'x64';
  provide('chromiumPath', given ?? (isForHere ? await sparticuz.executablePath() : (complete ?? '')));
  provide('completeChromiumPath', complete ?? '');
}

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const missing =
  'the test of what a browser shows on the way back needs a complete Chromium, which npm does not have: `apt-get install chromium`, or name one in PLAYWRIGHT_CHROMIUM.';
