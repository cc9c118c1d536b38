import { createUpstream } from './create-upstream.js';
import { tokenSourceOf, type TokenSource, type TokenSourceHolder } from './token-source.js';
import type { UpstreamOptions, UpstreamRequest } from './upstream.js';

/** The HTTP side of a provider, as a typed client uses it: every request carries a token. */
export interface SignedUpstream {
  /** Name of the provider; errors carry it. */
  readonly name: string;
  /** As `Upstream.json`, with the tokens of the source. */
  json<T>(request: Omit<UpstreamRequest<T>, 'token' | 'source'>): Promise<T>;
  /** Closes the upstream where it was made here; that of a source is left to its owner. */
  close(): Promise<void>;
}

/**
 * The HTTP side for a typed client: the upstream of the source, or, where it brings none, one made with `options` for its
 * origin.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable.
 */
export function signedUpstream(
  given: TokenSource | TokenSourceHolder,
  options: Omit<UpstreamOptions, 'origin'>,
): SignedUpstream {
  const source = tokenSourceOf(given);
  const { upstream = createUpstream({ ...options, origin: source.origin }) } = source;
  return Object.freeze({
    name: upstream.name,
    json: <T>(request: Omit<UpstreamRequest<T>, 'token' | 'source'>) =>
      upstream.json<T>({ ...request, source }),
    close: async () => {
      if (!source.upstream) await upstream.close();
    },
  });
}
