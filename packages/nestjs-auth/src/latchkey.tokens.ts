import { Sessions } from '@latchkey/core';
import type { InjectionToken } from '@nestjs/common';

/** Injects `Sessions` of a named set of providers; of the set without a name, it is the class itself. */
export function sessionsToken(name?: string): InjectionToken<Sessions> {
  return name === undefined ? Sessions : `LATCHKEY_SESSIONS:${name}`;
}

/** What this module makes of the options of a set of providers. */
export function settingsToken(name?: string): string {
  return name === undefined ? 'LATCHKEY_SETTINGS' : `LATCHKEY_SETTINGS:${name}`;
}

/** What changes the graph of modules. */
export const LATCHKEY_EXTRAS = 'LATCHKEY_EXTRAS';
