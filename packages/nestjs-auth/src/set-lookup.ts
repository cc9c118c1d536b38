import { LatchkeyError } from '@latchkey/core';
import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

/**
 * What an application has under `token` for the set of providers named `realm`.
 *
 * @throws LatchkeyError `invalid_config` where it has no such set.
 */
export function fromSet<T>(
  app: Pick<ModuleRef, 'get'>,
  token: (name?: string) => InjectionToken<T>,
  realm: string | undefined,
): T {
  try {
    return app.get<T>(token(realm), { strict: false });
  } catch (cause) {
    const what = realm === undefined ? 'without a name' : `named ${JSON.stringify(realm)}`;
    throw new LatchkeyError('invalid_config', {
      cause,
      message: `There is no LatchkeyModule ${what} in this application, which a route needs.`,
    });
  }
}
