/**
 * Something that goes wrong with one answer: the name of a kind, which means its defaults, or an object with its
 * parameters. Faults know nothing about routes. Where a doc comment says *the real answer*, the route has run and
 * its effects stand; every other kind answers instead of the route, which does not run.
 */
export type Fault = FaultKind | FaultObject;

export type FaultKind = FaultObject['kind'];

/** A fault with its parameters; those left out have their defaults. */
export type FaultObject =
  | SlowHeaders
  | SlowBody
  | Never
  | Reset
  | ResetMidBody
  | Garbage
  | Html500
  | BadGateway
  | Unavailable
  | GatewayTimeout
  | RateLimited
  | Redirect
  | Echo
  | WrongShape
  | DeepNesting
  | HugeBody
  | GzipBomb
  | TruncatedJson
  | WrongContentType
  | Bom
  | Gzip
  | TokenCrlf
  | TokenHuge
  | Close;

/** The real answer, of which not a byte is sent for `delayMs` (default 1000). */
export interface SlowHeaders {
  readonly kind: 'slow-headers';
  readonly delayMs?: number;
}

/** The real answer: its headers at once, then one byte of the body every `intervalMs` (default 50). */
export interface SlowBody {
  readonly kind: 'slow-body';
  readonly intervalMs?: number;
}

/** Nothing at all is sent; the connection stays open until the client or `stop` ends it. */
export interface Never {
  readonly kind: 'never';
}

/** The connection is reset (TCP RST) without a byte of an answer. */
export interface Reset {
  readonly kind: 'reset';
}

/** The real answer: its headers with the full length, half of its body, then the connection is reset (TCP RST). */
export interface ResetMidBody {
  readonly kind: 'reset-mid-body';
}

/** Bytes that are not HTTP, then the end of the connection. */
export interface Garbage {
  readonly kind: 'garbage';
}

/** Status 500 with an HTML page. */
export interface Html500 {
  readonly kind: 'html-500';
}

/** Status 502 with an HTML page, as a proxy makes one. */
export interface BadGateway {
  readonly kind: 'bad-gateway';
}

/** Status 503 with `Retry-After` (default 1 second) and a text body. */
export interface Unavailable extends RetryAfter {
  readonly kind: 'unavailable';
}

/** Status 504 with an HTML page. */
export interface GatewayTimeout {
  readonly kind: 'gateway-timeout';
}

/** Status 429 with `Retry-After` (default 1 second) and a text body. */
export interface RateLimited extends RetryAfter {
  readonly kind: 'rate-limited';
}

/** How `Retry-After` is written. */
export interface RetryAfter {
  /** A number is seconds; a text, such as an HTTP date, is sent as it is; `false` leaves the header out. */
  readonly retryAfter?: number | string | false;
  /** `date` writes a number as the HTTP date so many seconds from the emulator's now. Default `seconds`. */
  readonly form?: 'seconds' | 'date';
}

/**
 * `status` (default 307) with a `Location` and an empty body. Default location: the same path on
 * `http://localhost:<port>`, another origin that leads back here, so that whoever follows is seen in `requests`.
 */
export interface Redirect {
  readonly kind: 'redirect';
  readonly status?: 301 | 302 | 303 | 307 | 308;
  readonly location?: string | undefined;
}

/** `status` (default 400) with JSON that repeats the request's headers and body, passwords and tokens included. */
export interface Echo {
  readonly kind: 'echo';
  readonly status?: number;
}

/** Status 200 with valid JSON of no documented shape: `json`, default `{"unexpected":[1,"two",null]}`. */
export interface WrongShape {
  readonly kind: 'wrong-shape';
  readonly json?: unknown;
}

/** Status 200 with `depth` (default 100,000) arrays inside one another. */
export interface DeepNesting {
  readonly kind: 'deep-nesting';
  readonly depth?: number;
}

/**
 * Status 200 with valid JSON of `bytes` bytes (default 200 MiB), as fast as the client reads and until it closes.
 * `length` says whether `Content-Length` is `declared` or the body comes `chunked` (default).
 */
export interface HugeBody {
  readonly kind: 'huge-body';
  readonly bytes?: number;
  readonly length?: 'chunked' | 'declared';
}

/** Status 200 with gzipped JSON that unpacks to `bytes` bytes (default 200 MiB) from about a thousandth of that. */
export interface GzipBomb {
  readonly kind: 'gzip-bomb';
  readonly bytes?: number;
}

/** The real answer with only the first half of its body; the HTTP message is complete, its length is right. */
export interface TruncatedJson {
  readonly kind: 'truncated-json';
}

/** The real answer with `Content-Type: text/html`. */
export interface WrongContentType {
  readonly kind: 'wrong-content-type';
}

/** The real answer with a byte order mark in front of its body. */
export interface Bom {
  readonly kind: 'bom';
}

/** The real answer, compressed and labelled with its `encoding` (default `gzip`), whatever the client accepts. */
export interface Gzip {
  readonly kind: 'gzip';
  readonly encoding?: 'gzip' | 'deflate' | 'br';
}

/** The real answer; an access token in it is replaced by a text with CR and LF. */
export interface TokenCrlf {
  readonly kind: 'token-crlf';
}

/** The real answer; an access token in it is replaced by `bytes` letters (default 200 KiB). */
export interface TokenHuge {
  readonly kind: 'token-huge';
  readonly bytes?: number;
}

/** The real answer with `Connection: close`, after which the connection is closed. */
export interface Close {
  readonly kind: 'close';
}
