import { inspect } from 'node:util';
import { isLatchkeyError, type Grant } from '@latchkey/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CryptlexLicense } from '../src/index.js';
import { emulated } from './emulated.js';
import { faults, timeoutFor } from './faults.js';

describe('F1: a fault', () => {
  it.each(faults)('$kind comes to $signIn at a sign-in, which is sent once', ({ fault, signIn }) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ fault });
      const outcome: unknown = await provider.signIn(credentials).then(
        () => 'good',
        (error: unknown) => (isLatchkeyError(error) ? error.code : error),
      );
      expect(outcome).toBe(signIn);
      expect(emulator.requests).toHaveLength(1);
    }, timeoutFor(signIn)),
  );

  it.each(faults)('$kind costs a list of licences $reads requests', ({ kind, fault, signIn, reads }) =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client();
      emulator.set({ fault });
      const outcome: unknown = await licenses()
        .toArray()
        .catch((error: unknown) => error);
      expect(emulator.requests).toHaveLength(reads);
      // The faults of a login's token leave a list alone.
      if (signIn === 'good' || kind.startsWith('token')) expect(outcome).toHaveLength(6);
      else expect(isLatchkeyError(outcome), inspect(outcome)).toBe(true);
    }, timeoutFor(signIn)),
  );

  it('that passes is not noticed by a list of licences', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client('many@example.com');
      for (const fault of ['reset', 'bad-gateway', 'close', 'reset-mid-body'] as const) emulator.next(fault);
      expect(await licenses().toArray()).toHaveLength(237);
      expect(emulator.requests).toHaveLength(6);
    }));

  it('leaves nothing behind: the next sign-in is good', () =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        for (const { fault, signIn } of faults) {
          if (signIn === 'timeout') continue;
          emulator.next(fault);
          await provider.signIn(credentials).catch(() => undefined);
          expect(await provider.signIn(credentials)).toMatchObject({ provider: 'cryptlex' });
        }
      },
      { pace: false },
    ));
});

describe('F2: any JSON and any text under any status', () => {
  const key = fc.constantFrom(
    ...['accessToken', 'refreshToken', 'code', 'message', 'errors', '__proto__', 'constructor'],
    ...['id', 'email', 'name', 'twoFactorEnabled', 'createdAt', 'revoked', 'suspended', 'expiresAt'],
    ...['allowedActivations', 'validity', 'metadata', 'meterAttributes', 'product', 'productVersion'],
  );
  const record = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.string({ minLength: 1 }), fc.nat()));

  it('gives a sign-in that keeps the types, or a LatchkeyError', () =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        await fc.assert(
          fc.asyncProperty(
            fc.oneof(record, fc.jsonValue(), fc.string()),
            fc.constantFrom(200, 201, 204, 400, 401, 403, 404, 409, 422, 429, 500),
            async (body, status) => {
              emulator.set({ loginAnswer: { status, body } });
              const outcome: unknown = await provider.signIn(credentials).catch((error: unknown) => error);
              if (isLatchkeyError(outcome)) return;
              const { accessToken, refreshToken, expiresAt, ...rest } = outcome as Grant;
              expect(rest).toEqual({ provider: 'cryptlex', issuedAt: expect.any(Number) as number });
              expect(accessToken).toMatch(/^[\x21-\x7e]+$/);
              expect(['string', 'undefined']).toContain(typeof refreshToken);
              expect(expiresAt).toBeUndefined();
            },
          ),
          { numRuns: 150 },
        );
      },
      { pace: false },
    ));

  it('gives an account and licences that keep the types, or a LatchkeyError', () =>
    emulated(
      async ({ emulator, client }) => {
        const { me, licenses, license } = await client();
        const known = record.map((fields) => ({ id: '1', email: 'a@example.com', ...fields }));
        const single = fc.oneof(known, record, fc.jsonValue());
        await fc.assert(
          fc.asyncProperty(fc.oneof(single, fc.array(known), fc.array(single)), async (json) => {
            emulator.set({ fault: { kind: 'wrong-shape', json } });
            const [account, list, one] = await Promise.all(
              [me(), licenses().toArray({ max: 200 }), license('1')].map((call) =>
                call.catch((error: unknown) => error),
              ),
            );
            if (!isLatchkeyError(account)) {
              const { twoFactorEnabled, googleSsoEnabled, ...rest } = account as object &
                Record<string, unknown>;
              for (const flag of [twoFactorEnabled, googleSsoEnabled])
                expect(['boolean', 'undefined']).toContain(typeof flag);
              for (const [name, value] of Object.entries(rest))
                expect(typeof value).toBe(name.endsWith('At') ? 'number' : 'string');
              expect(Object.getPrototypeOf(account)).toBe(Object.prototype);
            }
            for (const outcome of [list, one]) {
              if (!isLatchkeyError(outcome))
                [outcome as CryptlexLicense | CryptlexLicense[]].flat().forEach(checkLicense);
            }
          }),
          { numRuns: 150 },
        );
      },
      { pace: false },
    ));

  function checkLicense(license: CryptlexLicense) {
    const { id, revoked, suspended, expiresAt, createdAt, allowedActivations, validityMs, product } = license;
    expect(id).toMatch(/./s);
    for (const flag of [revoked, suspended]) expect(typeof flag).toBe('boolean');
    for (const at of [expiresAt, createdAt]) expect(at === undefined || Number.isFinite(at)).toBe(true);
    for (const most of [allowedActivations, validityMs])
      expect(most === undefined || most === 'unlimited' || Number.isFinite(most)).toBe(true);
    for (const one of [...license.metadata, ...license.meterAttributes]) expect(typeof one).toBe('object');
    if (product !== undefined) expect(typeof product.id).toBe('string');
    expect(Object.getPrototypeOf(license)).toBe(Object.prototype);
  }
});
