import type { Entitlement } from '@latchkey/core';

/** Who may call a handler. */
export type Access = 'public' | 'optional' | 'required';

/** The id of an entitlement, of which one must be active; or what must hold of an active one. */
export type EntitlementRule = string | ((entitlement: Entitlement) => boolean);

/** What decorators say, each under a key of its own. */
export const metadataKeys = {
  access: 'latchkey:access',
  realm: 'latchkey:realm',
  providers: 'latchkey:providers',
  entitlement: 'latchkey:entitlement',
} as const;

/** What holds for one handler. */
export interface AccessRules {
  readonly access: Access;
  /** Of the set of providers; `undefined` is the one without a name. */
  readonly realm: string | undefined;
  readonly providers: readonly string[] | undefined;
  readonly entitlement: EntitlementRule | undefined;
}

/**
 * The rules for a handler of a class. What stands at the handler beats what stands at the class, each kind by itself. Where
 * neither says who may call, somebody signed in may; and where the handler asks for a provider or an entitlement, that
 * takes somebody signed in, whatever the class says.
 */
export function accessRules(handler: object, owner: object): AccessRules {
  const here = statedAt(handler);
  const above = statedAt(owner);
  const { access = isDemanding(here) ? 'required' : (above.access ?? 'required') } = here;
  return {
    access,
    realm: here.realm ?? above.realm,
    providers: here.providers ?? above.providers,
    entitlement: here.entitlement ?? above.entitlement,
  };
}

function isDemanding({ providers, entitlement }: Partial<AccessRules>): boolean {
  return providers !== undefined || entitlement !== undefined;
}

/** What is wrong with the decorators at one handler, or at one class. */
export function contradictionAt(target: object): string | undefined {
  const stated = statedAt(target, Reflect.getOwnMetadata);
  if (stated.access !== 'public' || !isDemanding(stated)) return undefined;
  return '@Public() lets everybody in, so that @Providers() and @RequireEntitlement() cannot stand beside it.';
}

function statedAt(target: object, metadataOf = Reflect.getMetadata): Partial<AccessRules> {
  const read = (name: keyof typeof metadataKeys): unknown => metadataOf(metadataKeys[name], target);
  return {
    access: read('access'),
    realm: read('realm'),
    providers: read('providers'),
    entitlement: read('entitlement'),
  } as Partial<AccessRules>;
}
