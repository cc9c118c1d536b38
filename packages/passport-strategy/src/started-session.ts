import type { Session } from '@latchkey/core';
import type { Outcome } from './perform-once.js';
import type { StrategySettings } from './strategy-options.js';
import type { StrategyRequest } from './strategy-request.js';
import type { SubmittedCredentials } from './submitted-credentials.js';
import { unlessAborted } from './unless-aborted.js';

/** A session that its user has not been told of yet. */
export interface StartedSession {
  readonly session: Session;
  readonly id: string;
  /**
   * The outcome of `judge`. The session is ended again where that refuses, fails, or takes until `signal` is aborted: with
   * its id given to nobody, it would go on for nobody.
   */
  keptFor(signal: AbortSignal, judge: () => Promise<Outcome>): Promise<Outcome>;
}

/** Signs in, and in place of the session that the request presents, if any. */
export async function startedSession(
  settings: StrategySettings,
  given: {
    readonly request: StrategyRequest;
    readonly credentials: SubmittedCredentials;
    readonly signal: AbortSignal;
  },
): Promise<StartedSession> {
  const { provider, client, cookies, sessions } = settings;
  const { request, credentials, signal } = given;
  if (!sessions) throw new TypeError('A session needs sessions.');
  const { id, session } = await sessions.signIn(provider.name as never, credentials as never, {
    client: client(request),
    replaces: cookies?.read(request.headers),
    signal,
  });
  // Where even that fails there is nobody to tell: the request has its outcome, and the session its end.
  const end = () => sessions.signOut(id).catch(() => undefined);

  return {
    session,
    id,
    async keptFor(signal, judge) {
      try {
        const outcome = await unlessAborted(judge(), signal);
        if ('refused' in outcome) await end();
        return 'refused' in outcome ? outcome : { ...outcome, undo: end };
      } catch (error) {
        await end();
        throw error;
      }
    },
  };
}
