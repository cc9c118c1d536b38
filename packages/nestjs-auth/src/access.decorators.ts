import { LatchkeyError } from '@latchkey/core';
import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import { contradictionAt, metadataKeys, type EntitlementRule } from './access.js';

/** Lets everybody call a handler, or those of a class. Nobody is looked for: neither store nor provider is asked. */
export const Public = (): CustomDecorator => stated(metadataKeys.access, 'public');

/** Lets everybody call a handler, or those of a class; who is signed in is known, and of all others the user is `null`. */
export const OptionalAuth = (): CustomDecorator => stated(metadataKeys.access, 'optional');

/** Lets only those call who are signed in. That is the default; this is for a handler of a class that says otherwise. */
export const RequireAuth = (): CustomDecorator => stated(metadataKeys.access, 'required');

/**
 * Lets only those call who signed in at one of these providers; others get `provider_not_allowed`. At a handler it stands in
 * place of what the class says.
 */
export const Providers = (...names: [string, ...string[]]): CustomDecorator =>
  stated(metadataKeys.providers, names);

/**
 * Lets only those call who have an active entitlement with this id (at Cryptlex: a licence of that product), or one of which
 * the predicate holds; others get `entitlement_required`. What a provider says is kept for 30 s; a provider that is down is
 * an error. At a handler it stands in place of what the class says.
 *
 * @example
 * @RequireEntitlement('prod-0001')
 * @RequireEntitlement(({ name }) => name === 'Renderer')
 */
export const RequireEntitlement = (rule: EntitlementRule): CustomDecorator =>
  stated(metadataKeys.entitlement, rule);

/** Has a handler, or those of a class, guarded by the set of providers of that name. */
export const Realm = (name: string): CustomDecorator => stated(metadataKeys.realm, name);

/** @throws LatchkeyError `invalid_config`, when the class is made, where two decorators of one place contradict each other. */
function stated(key: string, value: unknown): CustomDecorator {
  const decorate = SetMetadata(key, value);
  const checked = (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    decorate(target as never, name as never, descriptor as never);
    const problem = contradictionAt((descriptor?.value as object | undefined) ?? target);
    if (problem !== undefined) throw new LatchkeyError('invalid_config', { message: problem });
  };
  return Object.assign(checked as MethodDecorator & ClassDecorator, { KEY: key });
}
