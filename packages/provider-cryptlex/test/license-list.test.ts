import { isLatchkeyError, type TokenSource } from '@latchkey/core';
import type { CryptlexUserInput, Fault } from '@latchkey/emulators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cryptlexClient } from '../src/index.js';
import { emulated, type Emulated } from './emulated.js';

const users: CryptlexUserInput[] = [0, 7, 60, 237].map((licenses) => ({
  email: `has-${licenses}@example.com`,
  password: 'sample-password',
  licenses,
}));
const anybody = fc.constantFrom(...users.map(({ email }) => email));
const pageSize = fc.oneof(fc.constant(100), fc.integer({ min: 8, max: 100 }));

/** A client whose token is renewed when it is refused, and the ids of its licences as they are at the start. */
async function signedIn({ emulator, provider, credentialsOf }: Emulated, email: string) {
  emulator.reset();
  let grant = await provider.signIn(credentialsOf(email));
  const source: TokenSource = {
    origin: provider.origin,
    upstream: provider.upstream,
    async getToken({ rejected } = {}) {
      if (rejected?.value === grant.accessToken) grant = await provider.renew(grant);
      return { value: grant.accessToken };
    },
  };
  const ids = emulator.users.find((user) => user.email === email)!.licenses.map(({ id }) => id);
  return { client: cryptlexClient(source), ids };
}

/** Nothing can be held against these: a list of licences is complete all the same. */
const passing = [
  'revoked',
  'reset',
  'reset-mid-body',
  'bad-gateway',
  'gateway-timeout',
  'unavailable',
] as const;
const lasting = ['rate-limited', 'html-500', 'truncated-json'] as const;

describe('a list of licences, over the wire', () => {
  it('is complete, each once and in order, or ends with a typed error, whatever happens on the way', () =>
    emulated(
      async (all) => {
        const { emulator } = all;
        await fc.assert(
          fc.asyncProperty(
            anybody,
            pageSize,
            fc.integer({ min: 0, max: 240 }),
            fc.constantFrom(...passing, ...lasting),
            async (email, pageSize, after, trouble) => {
              const { client, ids } = await signedIn(all, email);
              const strike = () => {
                if (trouble === 'revoked') {
                  emulator.revokeTokens();
                  return;
                }
                const fault: Fault = trouble === 'unavailable' ? { kind: trouble, retryAfter: 0 } : trouble;
                emulator.next(fault);
              };
              const given: string[] = [];
              let failure: unknown;
              if (after === 0) strike();
              try {
                for await (const { id } of client.licenses({ pageSize })) {
                  given.push(id);
                  if (given.length === after) strike();
                }
              } catch (error) {
                failure = error;
              }
              if (failure === undefined) {
                expect(given).toEqual(ids);
                return;
              }
              expect(lasting as readonly string[]).toContain(trouble);
              expect(isLatchkeyError(failure)).toBe(true);
              expect(given).toEqual(ids.slice(0, given.length));
            },
          ),
          { numRuns: 25 },
        );
      },
      { pace: false },
      { users },
    ));

  it('gives each that was there all the time once and in order, whatever comes and goes meanwhile', () =>
    emulated(
      async (all) => {
        const { emulator } = all;
        await fc.assert(
          fc.asyncProperty(
            anybody,
            pageSize,
            fc.array(
              fc.record({
                after: fc.nat(240),
                remove: fc.array(fc.nat(236), { maxLength: 9 }),
                add: fc.nat(3),
              }),
              {
                maxLength: 4,
              },
            ),
            async (email, pageSize, changes) => {
              const { client, ids } = await signedIn(all, email);
              const removed = new Set<string>();
              const given: string[] = [];
              for await (const { id } of client.licenses({ pageSize })) {
                given.push(id);
                for (const { remove, add } of changes.filter(({ after }) => after === given.length)) {
                  for (const gone of remove.flatMap((at) => ids[at] ?? [])) {
                    emulator.removeLicense(gone);
                    removed.add(gone);
                  }
                  for (let count = 0; count < add; count += 1) emulator.addLicense(email);
                }
              }
              expect(new Set(given).size).toBe(given.length);
              expect(given.filter((id) => ids.includes(id) && !removed.has(id))).toEqual(
                ids.filter((id) => !removed.has(id)),
              );
            },
          ),
          { numRuns: 25 },
        );
      },
      { pace: false },
      { users },
    ));

  it('ends with a typed error where every page is the same', () =>
    emulated(
      async ({ emulator, client }) => {
        const { licenses } = await client();
        const json = Array.from({ length: 10 }, (_, at) => ({ id: String(at) }));
        emulator.set({ fault: { kind: 'wrong-shape', json } });
        await expect(licenses({ pageSize: 10 }).toArray()).rejects.toMatchObject({
          code: 'invalid_response',
        });
        expect(emulator.requests.length).toBeLessThan(300);
      },
      { pace: false },
    ));
});
