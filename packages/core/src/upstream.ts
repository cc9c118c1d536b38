import type { Dispatcher } from 'undici';
import type { z } from 'zod';
import type { ReadRateLimit } from './allowance.js';
import type { Clock } from './clock.js';
import type { ErrorCode } from './error-code.js';
import type { Reply } from './exchange.js';
import type { PaceOptions, Purpose } from './pace.js';
import type { Query } from './request-url.js';
import type { Token } from './token.js';
import type { TokenSource } from './token-source.js';

/** The HTTP side of a provider: every request to it goes through here, and to its origin alone. */
export interface Upstream {
  /** Name of the provider; errors carry it. */
  readonly name: string;
  /** The only origin that is asked, such as `https://api.example.com`. */
  readonly origin: string;
  /** What tells the time in it. */
  readonly clock: Clock;
  /**
   * How far the provider's clock is ahead of this machine's, in milliseconds, as the `Date` header of its answers tells; 0
   * while that is not known, or too little to be told from the time an answer takes. A moment that the provider states by
   * its own clock comes `skewMs()` earlier by this machine's.
   */
  skewMs(): number;
  /**
   * Sends a request and gives the JSON of the reply as its schema reads it.
   *
   * Settles within `timeoutMs`, whatever the other end does. A redirect is never followed. GET and HEAD are sent again,
   * at most twice, after a failed connection and after 502, 503 and 504; other methods only where nothing was written.
   *
   * @throws LatchkeyError with the code of what happened; or the reason of `signal`, as it came.
   */
  json<T>(request: UpstreamRequest<T>): Promise<T>;
  /** Ends what is under way with `closed`, and closes the connections, save those of a dispatcher that was given. */
  close(): Promise<void>;
}

/** What `createUpstream` takes. */
export interface UpstreamOptions {
  /** Name of the provider. */
  readonly name: string;
  /** https, or http on loopback; no path, no userinfo. */
  readonly origin: string;
  /** What to connect through, such as undici's `ProxyAgent` or an `Agent` with your CA. Default: an `Agent` of its own. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Time for a whole call, repeats and renewals included, in milliseconds. Default: 15,000. */
  readonly timeoutMs?: number | undefined;
  /** Time to connect, for an `Agent` of its own. Default: 5,000, or `timeoutMs` where that is less. */
  readonly connectTimeoutMs?: number | undefined;
  /** Time until an answer begins. Default: `timeoutMs`. */
  readonly headersTimeoutMs?: number | undefined;
  /** Time between two pieces of an answer. Default: 5,000, or `timeoutMs` where that is less. */
  readonly bodyTimeoutMs?: number | undefined;
  /** Bound on the body of a reply, on the wire and again when unpacked. Default: 8 MiB. */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Bound on requests, for providers that have one: past it they wait their turn, briefly. With a `store` all processes keep
   * it together, else each for itself. Default: none.
   */
  readonly pace?: PaceOptions | false | undefined;
  /**
   * Reads what a provider's headers say of its limit, so that the pace keeps to it; must not throw. Replies 429 and
   * `Retry-After` are heeded without it. Default: none.
   */
  readonly rateLimit?: ReadRateLimit | undefined;
  /** Default: `latchkey/` and the version of this package. */
  readonly userAgent?: string | undefined;
  /** Default: the clock of this machine. */
  readonly clock?: Clock | undefined;
}

/** One request to a provider, and how its reply is read. */
export interface UpstreamRequest<T> {
  /** Default: `GET`. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  /** Begins with `/`. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** Sent as JSON, with every method, GET too. */
  readonly body?: unknown;
  /** The bearer token; not renewed. Exclusive with `source`. */
  readonly token?: string | Token | undefined;
  /** Gives the bearer token. When that is refused, it is asked for another once, and the request sent once more. */
  readonly source?: TokenSource | undefined;
  /** Reads the JSON of a 2xx reply; an empty body is `undefined`. */
  readonly schema: z.ZodType<T>;
  /** Decides who goes first when the pace is reached. Default: `call`. */
  readonly purpose?: Purpose | undefined;
  /** Ends the call early. */
  readonly signal?: AbortSignal | undefined;
  /** Tells a refusal from an answer. Asked about every complete reply, whatever its status, before the schema is. */
  readonly refused?: ((reply: Reply) => Refusal | undefined) | undefined;
}

/** What a provider means by a reply that is no answer. */
export interface Refusal {
  readonly code: ErrorCode;
  /** The provider's own word for it. */
  readonly upstreamCode?: string | undefined;
  /** How long to wait, in milliseconds, where the `Retry-After` header of the reply does not say it. */
  readonly retryAfterMs?: number | undefined;
}
