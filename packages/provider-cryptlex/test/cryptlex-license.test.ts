import { describe, expect, it } from 'vitest';
import { licenseStatus } from '../src/index.js';
import { emulated } from './emulated.js';

describe('a licence', () => {
  it('is read in full, with the original under raw', () =>
    emulated(async ({ emulator, client }) => {
      const [first] = await (await client()).licenses().toArray();
      const wire = emulator.users[0]!.licenses[0]!;
      expect(first).toEqual({
        id: wire.id,
        key: wire.key,
        revoked: false,
        suspended: false,
        perpetual: false,
        type: 'node-locked',
        validityMs: 31_536_000_000,
        subscriptionInterval: 'P1Y',
        totalActivations: 0,
        totalDeactivations: 0,
        allowedActivations: 2,
        allowedDeactivations: 'unlimited',
        allowedFloatingClients: 0,
        leaseDurationMs: 0,
        createdAt: Date.UTC(2019, 0, 1, 9, 30, 0, 123),
        updatedAt: Date.UTC(2019, 0, 1, 9, 30, 0, 123),
        expiresAt: Date.UTC(2099, 11, 31),
        effectiveAt: Date.UTC(2019, 0, 1, 9, 30, 0, 123),
        notes: 'Sample licence',
        metadata: [{ key: 'seat', value: '0' }],
        meterAttributes: [{ name: 'exports', allowedUses: 100, totalUses: 7, grossUses: 9, floating: false }],
        product: {
          id: wire.product.id,
          name: 'Sample Editor',
          description: 'Sample Editor, a product of no company',
          iconUrl: 'https://example.com/icons/1.png',
        },
        entitlementSet: 'Professional',
        raw: wire,
      });
    }));

  it('has its version where there is one', () =>
    emulated(async ({ client }) => {
      const [, second] = await (await client()).licenses().toArray();
      expect(second).toMatchObject({
        productVersion: '2.1',
        allowedActivations: 'unlimited',
        leaseDurationMs: 3_600_000,
      });
      for (const absent of ['expiresAt', 'notes', 'effectiveAt', 'subscriptionInterval', 'entitlementSet'])
        expect(second).not.toHaveProperty(absent);
    }));

  it('keeps fields that nobody documented under raw alone', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client();
      const before = await licenses().toArray();
      emulator.set({ extraFields: true });
      const after = await licenses().toArray();
      expect(after.map(({ raw: _, ...named }) => named)).toEqual(before.map(({ raw: _, ...named }) => named));
      expect(after[0]?.raw).toMatchObject({ addedLater: { since: '3.99.0' }, anotherField: true });
    }));

  it('is the same with dates without Z', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client();
      const moments = async () =>
        (await licenses().toArray()).map((one) => [
          one.createdAt,
          one.updatedAt,
          one.expiresAt,
          one.effectiveAt,
        ]);
      const before = await moments();
      emulator.set({ datesWithoutZ: true });
      expect(await moments()).toEqual(before);
    }));

  it('is active without an end where all that may be null is', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client();
      emulator.set({ nulls: true });
      const [first] = await licenses().toArray();
      expect(first).toMatchObject({ revoked: false, suspended: false, product: { name: 'Sample Editor' } });
      for (const absent of [
        'expiresAt',
        'effectiveAt',
        'notes',
        'subscriptionInterval',
        'productVersion',
        'entitlementSet',
      ])
        expect(first).not.toHaveProperty(absent);
      expect(licenseStatus(first!)).toBe('active');
    }));

  const bare = { id: '1', revoked: false, suspended: false, metadata: [], meterAttributes: [] };
  it.each<[string, object, object]>([
    ['nothing but an id', {}, {}],
    [
      '-1 wherever it means unlimited',
      {
        validity: -1,
        allowedActivations: -1,
        allowedDeactivations: -1,
        allowedFloatingClients: -1,
        leaseDuration: -1,
        meterAttributes: [{ name: 'm', allowedUses: -1, totalUses: 0 }],
      },
      {
        validityMs: 'unlimited',
        allowedActivations: 'unlimited',
        allowedDeactivations: 'unlimited',
        allowedFloatingClients: 'unlimited',
        leaseDurationMs: 'unlimited',
        meterAttributes: [{ name: 'm', allowedUses: 'unlimited', totalUses: 0 }],
      },
    ],
    [
      '0, which means unlimited for activations alone',
      {
        validity: 0,
        allowedActivations: 0,
        allowedDeactivations: 0,
        allowedFloatingClients: 0,
        leaseDuration: 0,
        meterAttributes: [{ name: 'm', allowedUses: 0 }],
      },
      {
        validityMs: 0,
        allowedActivations: 'unlimited',
        allowedDeactivations: 0,
        allowedFloatingClients: 0,
        leaseDurationMs: 0,
        meterAttributes: [{ name: 'm', allowedUses: 0 }],
      },
    ],
    ['-1 where nothing is allowed or forbidden', { totalActivations: -1 }, { totalActivations: -1 }],
    [
      'numbers as texts',
      { totalActivations: '5', allowedActivations: '-1', validity: '60' },
      { totalActivations: 5, allowedActivations: 'unlimited', validityMs: 60_000 },
    ],
    [
      'numbers that are none',
      { totalActivations: 'x', allowedActivations: [], validity: {}, leaseDuration: true },
      {},
    ],
    [
      'flags in other forms',
      { revoked: 'TRUE', suspended: 1, perpetual: 'false' },
      { revoked: true, suspended: true, perpetual: false },
    ],
    ['flags that are none', { revoked: null, suspended: '', perpetual: {} }, {}],
    ['dates that are none', { expiresAt: '', createdAt: 5, effectiveDate: 'never' }, {}],
    ['lists that are none', { metadata: null, meterAttributes: 'x' }, {}],
    [
      'items that are none',
      {
        metadata: [null, 5, {}, { key: '' }, { key: 'k' }, { key: 'n', value: 5 }],
        meterAttributes: [[], { allowedUses: 5 }],
      },
      { metadata: [{ key: 'k' }, { key: 'n', value: '5' }] },
    ],
    ['a product without an id', { product: { displayName: 'x' } }, {}],
    ['a product that is text', { product: 'x' }, {}],
    [
      'a product with an id alone',
      { product: { id: 'p', displayName: null, iconUrl: '' } },
      { product: { id: 'p' } },
    ],
    ['a version and a set that are text', { productVersion: '2.1', entitlementSet: 'Pro' }, {}],
    [
      'a version and a set named the other way',
      { productVersion: { name: 'a' }, entitlementSet: { displayName: 'b' } },
      { productVersion: 'a', entitlementSet: 'b' },
    ],
  ])('is read with %s', (_, wire, expected) =>
    emulated(async ({ emulator, client }) => {
      const { license } = await client();
      const json = { id: '1', ...wire };
      emulator.next({ kind: 'wrong-shape', json });
      expect(await license('1')).toEqual({ ...bare, ...expected, raw: json });
    }),
  );

  it.each<[string, object]>([
    ['an end in another form', { expiresAt: 'Fri, 10 Jan 2020 00:00:00 GMT' }],
    ['an end as a number', { expiresAt: 1_577_836_800 }],
    ['an end that is no day', { expiresAt: '2020-02-30T00:00:00Z' }],
    ['an end that is an object', { expiresAt: {} }],
    ['a word for revoked', { revoked: 'yes' }],
    ['a number for suspended', { suspended: 2 }],
  ])('is refused with %s, and not taken for active', (_, wire) =>
    emulated(async ({ emulator, client }) => {
      const { license } = await client();
      emulator.next({ kind: 'wrong-shape', json: { id: '1', ...wire } });
      await expect(license('1')).rejects.toMatchObject({ code: 'invalid_response', status: 200 });
    }),
  );

  it('F4: with a field that all objects have changes no other object', () =>
    emulated(async ({ emulator, client }) => {
      const { license } = await client();
      emulator.next({
        kind: 'wrong-shape',
        json: JSON.parse('{"id":"1","__proto__":{"revoked":true,"key":"x"}}') as unknown,
      });
      const read = await license('1');
      expect(read.revoked).toBe(false);
      expect(read).not.toHaveProperty('key');
      expect({}).not.toHaveProperty('revoked');
    }));
});
