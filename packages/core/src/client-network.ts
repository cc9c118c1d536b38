import { isIPv6 } from 'node:net';

/**
 * What clients are told apart by: an IPv4 address as a whole, of an IPv6 address the first 64 bits, since whoever has one
 * has all of those. Anything else is taken as it is.
 */
export function clientNetwork(client: string): string {
  const [address = ''] = client.trim().toLowerCase().split('%'); // a zone is of this machine's, not of the client's
  if (!isIPv6(address)) return address;
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? [];
  return mapped ?? `${groupsOf(address).slice(0, 4).join(':')}::/64`;
}

function groupsOf(address: string): string[] {
  // `URL` brings all spellings into one, with a single `::` at most.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const missing = 8 - (first?.length ?? 0) - (last?.length ?? 0);
  return [...(first ?? []), ...Array<string>(missing).fill('0'), ...(last ?? [])];
}
