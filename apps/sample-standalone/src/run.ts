import { isLatchkeyError } from '@latchkey/core';
import { adviceFor } from './advice.js';
import { SettingsError } from './settings.js';
import { showCryptlex } from './show-cryptlex.js';
import { showLclx } from './show-lclx.js';
import type { Surroundings } from './surroundings.js';

/**
 * Signs in at each provider and shows what the account sees there. Gives the exit code: 0, or 1 when something failed;
 * then one line for each failure comes last and says what it was.
 */
export async function run(surroundings: Surroundings): Promise<number> {
  const failures: string[] = [];
  for (const { prefix, show } of providers) {
    try {
      await show(surroundings);
    } catch (error) {
      if (!(error instanceof SettingsError || isLatchkeyError(error))) throw error;
      failures.push(isLatchkeyError(error) ? adviceFor(error, prefix) : error.message);
    }
  }
  for (const failure of failures) surroundings.printError(failure);
  return failures.length > 0 ? 1 : 0;
}

const providers = [
  { prefix: 'LCLX', show: showLclx },
  { prefix: 'CRYPTLEX', show: showCryptlex },
];
