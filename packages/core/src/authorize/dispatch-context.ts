import { LatchkeyError } from '../latchkey-error.js';

/** What the interceptors inside tell of a dispatch at its start. Undici's redirect interceptor keeps the history up to date. */
export type DispatchContext = { readonly history?: readonly URL[] } | undefined;

/**
 * What is wrong with a redirect that is about to be followed inside, where nobody can judge it: an interceptor for DNS has
 * put an address in the place of `origin`, and undici would leave the token on for whatever that address is an origin of.
 */
export function redirectProblem(context: DispatchContext, origin: string): LatchkeyError | undefined {
  const first = context?.history?.[0];
  if (!first || first.origin === origin) return undefined;
  return new LatchkeyError('invalid_config', {
    message: `A redirect of ${origin} was not followed: put the redirect interceptor after dns and authorize() in compose().`,
  });
}

/**
 * Whether an answer is to the token that its request was signed with. It is not once a redirect that was followed inside
 * has left the origin, even if another one led back: undici takes the header off at the first such step.
 */
export function isToToken(context: DispatchContext): boolean {
  // Compared with the first step, not with the source: an interceptor for DNS may have put an address in its place.
  return context?.history?.every(({ origin }, _, [first]) => origin === first?.origin) ?? true;
}

/** Whether a redirect was followed inside. An informational answer may have put the same URL there twice. */
export function isRedirected(context: DispatchContext): boolean {
  return context?.history?.some(({ href }, _, [first]) => href !== first?.href) ?? false;
}
