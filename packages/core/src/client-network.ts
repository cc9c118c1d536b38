import { isIPv6 } from 'node:net';
import { LatchkeyError } from './latchkey-error.js';

/**
 * The client that a caller names, if it does.
 *
 * @throws LatchkeyError `invalid_input` for anything but text.
 */
export function checkedClient(client: unknown, provider: string): string | undefined {
  if (client === undefined || client === '') return undefined;
  if (typeof client === 'string') return client;
  throw new LatchkeyError('invalid_input', { provider, message: 'The client must be text: an address.' });
}

/**
 * What clients are told apart by: an IPv4 address as a whole, of an IPv6 address the first 64 bits, since whoever has one
 * has all of those. A port, which some proxies tell as well, is none of it. Anything else is taken as it is.
 */
export function clientNetwork(client: string): string {
  const [address = ''] = withoutPort(client.trim().toLowerCase()).split('%'); // a zone is of this machine's, not of the client's
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  const isMapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
  return isMapped ? ipv4Of(groups.slice(6)) : `${groups.slice(0, 4).join(':')}::/64`;
}

/** An address without its port, and without the brackets that an IPv6 one has beside a port. */
function withoutPort(client: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+)$/.exec(client) ?? [];
  return bracketed ?? plain ?? client;
}

/** The IPv4 address that an IPv6 one stands for (RFC 4291, section 2.5.5.2). */
function ipv4Of(groups: readonly string[]): string {
  const hex = groups.map((group) => group.padStart(4, '0')).join('');
  return Buffer.from(hex, 'hex').join('.');
}

function groupsOf(address: string): string[] {
  // `URL` brings all spellings into one, with a single `::` at most.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const missing = 8 - (first?.length ?? 0) - (last?.length ?? 0);
  return [...(first ?? []), ...Array<string>(missing).fill('0'), ...(last ?? [])];
}
