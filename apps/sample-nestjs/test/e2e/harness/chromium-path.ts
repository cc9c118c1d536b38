import sparticuz from '@sparticuz/chromium';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The browser's program. */
    chromiumPath: string;
  }
}

/**
 * Global setup: finds Chromium once, before any file of tests runs. What comes in the npm package is unpacked to a folder of the
 * system at first use, and two files that did so at the same time would each find half of the other's work.
 */
export default async function provideChromiumPath({ provide }: TestProject): Promise<void> {
  provide('chromiumPath', process.env.PLAYWRIGHT_CHROMIUM ?? (await sparticuz.executablePath()));
}
