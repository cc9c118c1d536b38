import { isLatchkeyError } from '@latchkey/core';
import { adviceFor } from './advice.js';
import { showLclx } from './show-lclx.js';
import { SettingsError } from './settings.js';
import type { Surroundings } from './surroundings.js';

/** Signs in and shows what the account sees. Gives the exit code: 0, or 1 after one line that says what failed. */
export async function run(surroundings: Surroundings): Promise<number> {
  try {
    await showLclx(surroundings);
    return 0;
  } catch (error) {
    if (!(error instanceof SettingsError || isLatchkeyError(error))) throw error;
    surroundings.printError(isLatchkeyError(error) ? adviceFor(error, 'LCLX') : error.message);
    return 1;
  }
}
