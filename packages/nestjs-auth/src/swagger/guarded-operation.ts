import type { ErrorCode } from '@latchkey/core';
import { accessRules, type AccessRules } from '../access.js';
import type { LatchkeySettings } from '../latchkey.settings.js';
import { errorResponses } from './error-responses.js';
import { eitherOf, securitySchemes } from './security-schemes.js';
import type { TracedOperation } from './traced-document.js';

/**
 * Says in an operation what `AuthGuard` asks of its callers, and what it refuses them with. What is declared there stays.
 *
 * @returns the settings of the set of providers that guards it; none where it is public.
 */
export function describeAccess(
  { operation, method, route }: TracedOperation,
  settingsOf: (realm: string | undefined) => LatchkeySettings,
): LatchkeySettings | undefined {
  const rules = accessRules(route.handler, route.owner);
  if (rules.access === 'public') {
    if (operation.security === undefined) Object.assign(operation, publicAccess(), operation);
    return undefined;
  }
  const settings = settingsOf(rules.realm);
  // Nobody in particular may not do what takes a provider or an entitlement.
  const isOptional =
    rules.access === 'optional' && rules.providers === undefined && rules.entitlement === undefined;
  const either = eitherOf(securitySchemes(settings));
  operation.security ??= isOptional ? [...either, {}] : either;
  const refusals = errorResponses([
    ...(isOptional ? [] : ownRefusals),
    ...ruleRefusals(rules),
    ...(mayBeForged(method, settings) ? (['csrf_rejected'] as const) : []),
    ...(settings.upstreamTokens || rules.entitlement !== undefined ? (['rate_limited'] as const) : []),
  ]);
  operation.responses = { ...refusals, ...operation.responses };
  return settings;
}

/** What everybody may call. It has the last word over what a document asks for everywhere. */
export function publicAccess(): { readonly security: []; readonly 'x-public': true } {
  return { security: [], 'x-public': true };
}

/** Whether a browser may be made to send it, with the cookie, by another site. */
export function mayBeForged(method: string, { acceptsCookie, check }: LatchkeySettings): boolean {
  return acceptsCookie && check !== undefined && !['get', 'head', 'options'].includes(method);
}

const ownRefusals: readonly ErrorCode[] = ['not_signed_in', 'token_rejected'];

function ruleRefusals({ providers, entitlement }: AccessRules): ErrorCode[] {
  return [
    ...(providers ? (['provider_not_allowed'] as const) : []),
    ...(entitlement === undefined ? [] : (['entitlement_required'] as const)),
  ];
}
