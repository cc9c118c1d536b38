import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientNetwork } from '../src/client-network.js';
import { seeded } from './seeded.js';

const group = fc.integer({ min: 0, max: 0xffff });
const address = fc.array(group, { minLength: 8, maxLength: 8 });

describe('clientNetwork', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    [' 192.0.2.1 ', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['192.0.2.1:4000', '192.0.2.1'],
    ['[2001:db8:1:2:3:4:5:6]:4000', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2:3:4:5:6]', '2001:db8:1:2::/64'],
    ['[::ffff:192.0.2.1]:4000', '192.0.2.1'],
    ['somebody', 'somebody'],
    ['somebody:4000', 'somebody:4000'],
    ['', ''],
  ])('S5: %j is of %j', (client, network) => {
    expect(clientNetwork(client)).toBe(network);
  });

  it.each(['::ffff:c000:201', '0:0:0:0:0:ffff:192.0.2.1', '0000:0000:0000:0000:0000:ffff:c000:0201'])(
    'S5: %s is the IPv4 address 192.0.2.1',
    (client) => {
      expect(clientNetwork(client)).toBe('192.0.2.1');
    },
  );

  it('S5: all spellings of an IPv6 address are of the network that its first 64 bits name', () => {
    fc.assert(
      fc.property(address, address, fc.boolean(), (one, other, isShort) => {
        const first = one.slice(0, 4);
        fc.pre(first.some((part) => part !== 0));
        const long = one
          .map((part) => part.toString(16).padStart(4, '0'))
          .join(':')
          .toUpperCase();
        const neighbour = [...first, ...other.slice(4)].map((part) => part.toString(16)).join(':');
        const short = new URL(`http://[${neighbour}]`).hostname.slice(1, -1);
        expect(clientNetwork(isShort ? short : neighbour)).toBe(clientNetwork(long));
        const isSame = first.every((part, at) => part === other[at]);
        const stranger = other.map((part) => part.toString(16)).join(':');
        expect(clientNetwork(stranger) === clientNetwork(long)).toBe(isSame);
      }),
      seeded('IPv6 addresses', 500),
    );
  });

  it('takes any text at all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.ipV6(), fc.ipV4()), (text) => {
        expect(typeof clientNetwork(text)).toBe('string');
      }),
      seeded('clients', 1_000),
    );
  });
});
