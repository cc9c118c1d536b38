import { z } from 'zod';
import { checkedOptions } from '../checked.js';
import { LatchkeyError } from '../latchkey-error.js';
import { headerValues, onlyText, type RequestHeaders } from './request-headers.js';

/** What is looked at of a request; Node's `IncomingMessage` and the web's `Request` have it. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly headers: RequestHeaders;
}

export interface SameOriginOptions {
  /**
   * Origins such as `https://app.example.com` that requests may come from beside the host itself, of browsers that send no
   * `Sec-Fetch-Site`: for proxies that change `Host`. Today's browsers send it, and what it says counts. Default: none.
   */
  readonly origins?: readonly string[] | undefined;
}

export interface SameOriginCheckOptions {
  /** Whether the request is a sign-in, which is checked with any credential and without. Default: false. */
  readonly signIn?: boolean | undefined;
}

/** @throws LatchkeyError `csrf_rejected`. */
export type SameOriginCheck = (request: RequestHead, options?: SameOriginCheckOptions) => void;

/**
 * Refuses a request that another site may have had a browser send with the cookie in it (S3).
 *
 * `GET`, `HEAD` and `OPTIONS` pass, save the handshake of a WebSocket. So does a request with an `Authorization` header,
 * which no other site can add, unless it is a sign-in. Of all others `Sec-Fetch-Site` must be `same-origin` or `none`;
 * `same-site` is not enough, since a neighbouring host may be somebody else's. Browsers that do not send it must name as
 * `Origin` one of `origins` or the host that they ask. With neither header only a sign-in passes, as programs send it.
 *
 * @throws LatchkeyError `csrf_rejected`; or `invalid_config` for `origins`, which `createSameOriginCheck` checks once.
 */
export function checkSameOrigin(
  request: RequestHead,
  { signIn, ...options }: SameOriginOptions & SameOriginCheckOptions = {},
): void {
  createSameOriginCheck(options)(request, { signIn });
}

/**
 * Makes a `checkSameOrigin` whose origins are checked once.
 *
 * @throws LatchkeyError `invalid_config`.
 */
export function createSameOriginCheck(options: SameOriginOptions = {}): SameOriginCheck {
  const { origins } = checkedOptions('the same-origin check', sameOriginOptions, options);
  const known = new Set(origins.map((origin) => new URL(origin).origin));

  return ({ method, headers }, { signIn = false } = {}) => {
    if (!isUnsafe(method, headers)) return;
    if (!signIn && headerValues(headers, 'authorization').length > 0) return;
    const site = headerValues(headers, 'sec-fetch-site');
    if (site.length > 0) {
      if (['same-origin', 'none'].includes(onlyText(site) ?? '')) return;
      throw refusal('its Sec-Fetch-Site is not same-origin');
    }
    const origin = headerValues(headers, 'origin');
    if (origin.length === 0) {
      if (signIn) return;
      throw refusal('it has neither Sec-Fetch-Site nor Origin');
    }
    if (!isKnown(onlyText(origin), headers))
      throw refusal('its Origin is neither its host nor among the origins allowed');
  };

  function isKnown(value: string | undefined, headers: RequestHeaders): boolean {
    const origin = originIn(value);
    if (!origin) return false;
    return known.has(origin.origin) || origin.host === hostOf(headers, origin.protocol);
  }
}

function isUnsafe(method: string | undefined, headers: RequestHeaders): boolean {
  if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') return true;
  // A page of any site may open a WebSocket, and the browser adds the cookie: only the server can tell.
  return headerValues(headers, 'upgrade').some(
    (value) => typeof value === 'string' && /\bwebsocket\b/i.test(value),
  );
}

// `null`, which sandboxed frames send, is no URL.
function originIn(value: string | undefined): URL | undefined {
  const isPlain = value !== undefined && /^https?:\/\/[^\s/?#@\\]+$/i.test(value);
  return isPlain && URL.canParse(value) ? new URL(value) : undefined;
}

/** The host that was asked, in its one spelling; HTTP/2 has it in `:authority` (RFC 9113, section 8.3.1). */
function hostOf(headers: RequestHeaders, protocol: string): string | undefined {
  const authority = headerValues(headers, ':authority');
  const host = onlyText(authority.length > 0 ? authority : headerValues(headers, 'host'));
  // A proxy may end TLS, so the scheme by which the request came is not known; the port it stands for is that of the page.
  return host === undefined ? undefined : originIn(`${protocol}//${host}`)?.host;
}

function refusal(reason: string): LatchkeyError {
  return new LatchkeyError('csrf_rejected', {
    message: `The request may have come from another site: ${reason}.`,
  });
}

const sameOriginOptions = z.strictObject({
  origins: z
    .array(
      z
        .string('must be text')
        .refine(isOrigin, 'must be an origin such as https://app.example.com, without a path'),
      'must be a list of origins',
    )
    .default([]),
});

function isOrigin(value: string): boolean {
  // A wildcard is a host to `URL`, and would never match.
  return !value.includes('*') && originIn(value.replace(/\/$/, '')) !== undefined;
}
