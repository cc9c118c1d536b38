import { z } from 'zod';

/** The variables that the application reads; README.md has them in a table. */
export const environmentSchema = z.object({
  // A slip in it must not start the demonstration where the public is.
  NODE_ENV: oneOf('production', 'development', 'test').optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(65_535).default(3000),
  HTTP_ADAPTER: oneOf('express', 'fastify').default('express'),
  PUBLIC_ORIGIN: origin().optional(),
  TRUSTED_PROXIES: wholeNumber(16).default(0),
  LOG_LEVEL: oneOf('debug', 'info', 'warn', 'error').optional(),
  LOG_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  CRYPTLEX_ACCOUNT_ALIAS: z
    .string()
    .regex(/^[\w.-]+$/, 'must be the alias of an account, a word')
    .optional(),
  CRYPTLEX_ACCOUNT_ID: z.guid('must be the id of an account, a UUID').optional(),
  CRYPTLEX_REGION: oneOf('us', 'eu').optional(),
  CRYPTLEX_ORIGIN: origin().optional(),
  CRYPTLEX_PRODUCT_ID: z.guid('must be the id of a product, a UUID').optional(),
  LCLX_ORIGIN: origin().optional(),
  REDIS_URL: redisUrl().optional(),
  STORE_SECRETS: secrets().optional(),
});

export type Environment = z.output<typeof environmentSchema>;

/** What is wrong with variables that are each right. */
export function problemsTogether(given: Readonly<Record<string, string | undefined>>): string[] {
  const { CRYPTLEX_ACCOUNT_ALIAS: alias, CRYPTLEX_ACCOUNT_ID: id } = given;
  const problems: string[] = [];
  if (alias && id) problems.push('CRYPTLEX_ACCOUNT_ID cannot stand beside CRYPTLEX_ACCOUNT_ALIAS');
  if (given.CRYPTLEX_REGION && given.CRYPTLEX_ORIGIN)
    problems.push('CRYPTLEX_REGION cannot stand beside CRYPTLEX_ORIGIN');
  for (const name of ['CRYPTLEX_REGION', 'CRYPTLEX_ORIGIN', 'CRYPTLEX_PRODUCT_ID'])
    if (given[name] && !alias && !id)
      problems.push(`${name} needs CRYPTLEX_ACCOUNT_ALIAS or CRYPTLEX_ACCOUNT_ID`);
  if (given.REDIS_URL && !given.STORE_SECRETS)
    problems.push('REDIS_URL needs STORE_SECRETS, with which what is in Redis is sealed');
  if (given.STORE_SECRETS && !given.REDIS_URL) problems.push('STORE_SECRETS needs REDIS_URL');
  return given.NODE_ENV === 'production' ? [...problems, ...problemsInProduction(given)] : problems;
}

function problemsInProduction(given: Readonly<Record<string, string | undefined>>): string[] {
  const problems: string[] = [];
  if (!given.CRYPTLEX_ACCOUNT_ALIAS && !given.CRYPTLEX_ACCOUNT_ID && !given.LCLX_ORIGIN)
    problems.push('CRYPTLEX_ACCOUNT_ALIAS, CRYPTLEX_ACCOUNT_ID or LCLX_ORIGIN is needed in production');
  if (!given.PUBLIC_ORIGIN?.startsWith('https:'))
    problems.push('PUBLIC_ORIGIN is needed in production, and with https: cookies go over nothing else');
  // The application has no TLS, so there is a proxy in front; unknown, it would be the one client that all limits are for.
  if (!given.TRUSTED_PROXIES) problems.push('TRUSTED_PROXIES is needed in production, and may be 0');
  if ((given.CRYPTLEX_ACCOUNT_ALIAS || given.CRYPTLEX_ACCOUNT_ID) && !given.CRYPTLEX_PRODUCT_ID)
    problems.push(
      'CRYPTLEX_PRODUCT_ID is needed in production: without it nobody has the licence for the downloads',
    );
  if (!given.LOG_SECRET) problems.push('LOG_SECRET is needed in production');
  return problems;
}

function wholeNumber(max: number) {
  return z
    .string()
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= max, `must be a whole number up to ${max}`)
    .transform(Number);
}

function oneOf<const Values extends readonly string[]>(...values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

function origin() {
  return z
    .string()
    .refine(isOrigin, 'must be an origin such as https://example.com; http is for loopback only');
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, origin, href } = new URL(text);
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return href === `${origin}/` && (protocol === 'https:' || (protocol === 'http:' && isLoopback));
}

function redisUrl() {
  return z
    .string()
    .refine(isRedisUrl, 'must be like redis://user:password@host:6379, percent-encoded; rediss: for TLS');
}

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, username, password, search, hash } = new URL(text);
  // The number of a database at most comes after the host: the rest of a password with `/`, `?` or `#` in it would do so, too.
  const hasNoMore = /^(\/\d*)?$/.test(pathname) && `${search}${hash}` === '';
  return /^rediss?:$/.test(protocol) && hostname !== '' && hasNoMore && isEncoded(username + password);
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** The newest first. */
function secrets() {
  const isUsable = (all: readonly string[]) =>
    all.length <= 8 && new Set(all).size === all.length && all.every((secret) => secret.length >= 32);
  return z
    .string()
    .transform((text) => text.split(',').map((secret) => secret.trim()))
    .refine(
      isUsable,
      'must be up to 8 secrets with at least 32 characters each, all different, separated by commas',
    );
}
