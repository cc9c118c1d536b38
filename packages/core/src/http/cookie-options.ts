import { z } from 'zod';
import { checkedOptions } from '../checked.js';

/** How the cookie is made that carries the id of a session. What is left out has its default. */
export interface CookieOptions {
  /**
   * Default: `__Host-latchkey`; with `domain`, `__Secure-latchkey`, since a `__Host-` cookie may have none (RFC 6265bis,
   * section 4.1.3); with `secure: false`, `latchkey`.
   */
  readonly name?: string | undefined;
  /** Sends the cookie to all hosts of this domain, each of which can also set it. Default: to the one host only. */
  readonly domain?: string | undefined;
  /** Default: `lax`. */
  readonly sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /** `false` has browsers send the cookie over plain http as well; refused where `NODE_ENV` is `production`. Default: true. */
  readonly secure?: boolean | undefined;
  /** Whether browsers keep the cookie when they are closed. Default: false. */
  readonly persistent?: boolean | undefined;
  /**
   * How long they keep it, with `persistent`; in whole seconds, and 400 days at most, which is where browsers cut it (RFC
   * 6265bis, section 5.5). Default: 12 hours.
   */
  readonly maxAgeMs?: number | undefined;
}

/** What is written into every cookie beside the id. */
export interface CookieSettings {
  readonly name: string;
  /** Each begins with `; `. The same for a cookie that is set and one that is cleared, else browsers keep the old one. */
  readonly attributes: string;
  /** What is added to a cookie that is set. */
  readonly lifetime: string;
}

/** @throws LatchkeyError `invalid_config`, with every problem in one message. */
export function cookieSettings(owner: string, options: CookieOptions): CookieSettings {
  const { name, domain, sameSite, secure, persistent, maxAgeMs } = checkedOptions(
    owner,
    cookieOptionsSchema,
    options,
  );
  const attributes = [
    'Path=/',
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    'HttpOnly',
    ...(secure ? ['Secure'] : []),
    `SameSite=${sameSiteWords[sameSite]}`,
  ];
  const seconds = Math.floor(Math.min(maxAgeMs, longestMs) / 1000);
  return {
    name: name ?? defaultName(domain, secure),
    attributes: attributes.map((attribute) => `; ${attribute}`).join(''),
    lifetime: persistent ? `; Max-Age=${seconds}` : '',
  };
}

function defaultName(domain: string | undefined, secure: boolean): string {
  if (!secure) return 'latchkey';
  return domain === undefined ? '__Host-latchkey' : '__Secure-latchkey';
}

const sameSiteWords = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;

const longestMs = 400 * 24 * 3_600_000;

// The `token` of RFC 9110, section 5.6.2, which RFC 6265, section 4.1.1, asks for.
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}$/;

// Labels of letters, digits and inner hyphens (RFC 1123, section 2.1).
const hostPattern =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

const cookieOptionsSchema = z
  .strictObject({
    name: z.string('must be text').regex(tokenPattern, 'must be a cookie name').optional(),
    domain: z
      .string('must be text')
      .regex(hostPattern, 'must be a host name such as example.com, without a dot before it')
      .optional(),
    sameSite: z.enum(['lax', 'strict', 'none'], "must be 'lax', 'strict' or 'none'").default('lax'),
    secure: z.boolean('must be true or false').default(true),
    persistent: z.boolean('must be true or false').default(false),
    maxAgeMs: z
      .number('must be a number of milliseconds')
      .min(1000, 'must be 1000 milliseconds or more')
      .default(12 * 3_600_000),
  })
  .superRefine(({ name, domain, sameSite, secure }, { addIssue }) => {
    const say = (path: string, message: string) => addIssue({ code: 'custom', path: [path], message });
    // Whether a request came by https is not asked: behind a proxy that ends TLS, all of them look like plain http.
    if (!secure && process.env['NODE_ENV'] === 'production')
      say('secure', 'must not be false where NODE_ENV is production');
    if (!secure && sameSite === 'none') say('sameSite', "must not be 'none' with secure: false");
    if (!secure && /^__(host|secure|http)-/i.test(name ?? ''))
      say('name', 'must not begin with __Host-, __Secure- or __Http- with secure: false');
    if (domain !== undefined && /^__host-/i.test(name ?? ''))
      say('name', 'must not begin with __Host- with a domain');
  });
