import { LatchkeyError } from './latchkey-error.js';

/**
 * The origin that `value` names, in its one spelling (`https://host`, without a default port or a closing slash).
 *
 * @throws LatchkeyError `invalid_config` for anything but an origin, for userinfo, and for plain http to a host that is
 *   not this machine: credentials and tokens go there.
 */
export function checkedOrigin(value: string): string {
  const problem = originProblem(value);
  if (problem) throw new LatchkeyError('invalid_config', { message: `The origin ${problem}.` });
  return new URL(value).origin;
}

/** What is wrong with `value` as an origin, or `undefined`. Never repeats it: there may be a password inside. */
export function originProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value))
    return 'must be a URL such as https://api.example.com';
  const url = new URL(value);
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https://';
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return 'must end after the host and port';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return 'must be https, save on loopback';
  return undefined;
}

// Not the names under `localhost`, which a resolver may look up elsewhere. URL has already brought IPv4 addresses into
// dotted decimal form and IPv6 ones into the shortest.
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
