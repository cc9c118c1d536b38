import { LatchkeyError } from '@latchkey/core';
import type { INestApplication } from '@nestjs/common';
import type { LatchkeySettings } from '../latchkey.settings.js';
import { settingsToken } from '../latchkey.tokens.js';

/** Gives the settings of a set of providers, by its name. */
export type SettingsLookup = (realm: string | undefined) => LatchkeySettings;

/** @throws LatchkeyError `invalid_config` from the lookup, where the application has no such set. */
export function settingsLookup(app: Pick<INestApplication, 'get'>): SettingsLookup {
  return (realm) => {
    try {
      return app.get<LatchkeySettings>(settingsToken(realm), { strict: false });
    } catch (cause) {
      const what = realm === undefined ? 'without a name' : `named ${JSON.stringify(realm)}`;
      throw new LatchkeyError('invalid_config', {
        cause,
        message: `There is no LatchkeyModule ${what} in this application, which a route needs.`,
      });
    }
  };
}
