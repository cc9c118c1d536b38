import { staticTokenSource, type TokenSource } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { cryptlexClient } from '../src/index.js';
import { emulated } from './emulated.js';

const many = 'many@example.com';

describe('a list of licences', () => {
  it('of 237 costs three requests', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client(many);
      const all = await licenses().toArray();
      const wire = emulator.users.find(({ email }) => email === many)!.licenses;
      expect(all.map(({ id }) => id)).toEqual(wire.map(({ id }) => id));
      expect(emulator.requests).toHaveLength(3);
      for (const { method, path, query } of emulator.requests) {
        expect([method, path]).toEqual(['GET', '/v3/me/licenses']);
        expect(Number(query['limit'])).toBeLessThanOrEqual(100);
      }
    }));

  it('asks for nothing before it is used', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client(many);
      licenses();
      licenses()[Symbol.asyncIterator]();
      expect(await licenses().toArray({ max: 0 })).toEqual([]);
      expect(emulator.requests).toHaveLength(0);
    }));

  it.each([
    [1, 1],
    [99, 1],
    [100, 1],
    [101, 2],
    [236, 3],
  ])('asks for no more once a loop is left after %i', (taken, requests) =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client(many);
      let count = 0;
      for await (const _license of licenses()) {
        count += 1;
        if (count === taken) break;
      }
      expect(emulator.requests).toHaveLength(requests);
      expect(await licenses().toArray({ max: taken })).toHaveLength(taken);
      expect(emulator.requests).toHaveLength(requests * 2);
    }),
  );

  it.each([237, 238, 1000, Infinity, undefined])('of at most %s is all of them', (max) =>
    emulated(async ({ client }) => {
      const { licenses } = await client(many);
      expect(await licenses().toArray({ max })).toHaveLength(237);
    }),
  );

  it.each([Number.NaN, -1, 1.5, '2', null])(
    'refuses %j for the most licences, before anything is sent',
    (max) =>
      emulated(async ({ emulator, client }) => {
        const { licenses } = await client();
        await expect(licenses().toArray({ max: max as number })).rejects.toMatchObject({
          code: 'invalid_input',
        });
        await expect(licenses().toArray(null as never)).rejects.toMatchObject({ code: 'invalid_input' });
        expect(emulator.requests).toHaveLength(0);
      }),
  );

  it('is asked for anew each time it is used', () =>
    emulated(async ({ emulator, client, credentials }) => {
      const list = (await client()).licenses();
      const before = await list.toArray();
      const { id } = emulator.addLicense(credentials.email);
      const after: string[] = [];
      for await (const license of list) after.push(license.id);
      expect(after).toEqual([...before.map((license) => license.id), id]);
      expect(emulator.requests).toHaveLength(2);
    }));

  it('is empty for somebody who has none', () =>
    emulated(
      async ({ client }) => {
        expect(await (await client()).licenses().toArray()).toEqual([]);
      },
      {},
      { users: [{ email: 'none@example.com', password: 'sample-password' }] },
    ));

  it.each<[string, unknown]>([
    ['an object', { licenses: [] }],
    ['null', null],
    ['text', 'none'],
    ['a licence without an id', [{ key: 'K' }]],
    ['a licence with an empty id', [{ id: '' }]],
    ['null for a licence', [null]],
    ['a list for a licence', [[]]],
  ])('that is %s is invalid_response', (_, json) =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client();
      emulator.next({ kind: 'wrong-shape', json });
      await expect(licenses().toArray()).rejects.toMatchObject({ code: 'invalid_response', status: 200 });
    }),
  );

  it('ends with the reason of its signal, between two pages too', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client(many);
      const controller = new AbortController();
      const reason = new Error('gave up');
      let count = 0;
      const walk = async () => {
        for await (const _license of licenses({}, { signal: controller.signal })) {
          count += 1;
          if (count === 100) controller.abort(reason);
        }
      };
      await expect(walk()).rejects.toBe(reason);
      expect(count).toBe(100);
      expect(emulator.requests).toHaveLength(1);
    }));
});

describe('one licence', () => {
  it('is asked for by its id', () =>
    emulated(async ({ emulator, client }) => {
      const { license, licenses } = await client();
      const [, second] = await licenses().toArray();
      expect(await license(second!.id)).toEqual(second);
      expect(emulator.requests.at(-1)).toMatchObject({
        method: 'GET',
        path: `/v3/me/licenses/${second!.id}`,
      });
    }));

  it('that there is not is upstream_error with 404', () =>
    emulated(async ({ client }) => {
      await expect((await client()).license('none')).rejects.toMatchObject({
        code: 'upstream_error',
        status: 404,
        upstreamCode: 'LICENSE_NOT_FOUND',
        retryable: false,
      });
    }));

  it.each(['../me', 'a/b', '%2e%2e', 'a?b=c#d', '...'])('cannot lead elsewhere: %s', (id) =>
    emulated(async ({ emulator, client }) => {
      await expect((await client()).license(id)).rejects.toMatchObject({ status: 404 });
      expect(emulator.requests).toMatchObject([
        { path: `/v3/me/licenses/${encodeURIComponent(id)}`, query: {} },
      ]);
    }),
  );

  it.each(['', '.', '..', 'two words', 'ä', 'x\r\ny', 'x'.repeat(257), 5, undefined, null, ['x']])(
    'is not asked for by the id %j',
    (id) =>
      emulated(async ({ emulator, client }) => {
        const { license } = await client();
        await expect(license(id as string)).rejects.toMatchObject({ code: 'invalid_input' });
        expect(emulator.requests).toHaveLength(0);
      }),
  );
});

describe('the client', () => {
  it('tells whose token it has', () =>
    emulated(async ({ emulator, client, credentials }) => {
      expect(await (await client()).me()).toMatchObject({ email: credentials.email });
      expect(emulator.requests).toMatchObject([{ method: 'GET', path: '/v3/me' }]);
    }));

  it.each([false, true])('says that its token is refused; empty 401: %j', (emptyUnauthorized) =>
    emulated(async ({ emulator, client }) => {
      const { me, licenses, license } = await client();
      emulator.set({ emptyUnauthorized });
      emulator.revokeTokens();
      for (const call of [() => me(), () => licenses().toArray(), () => license('x')])
        await expect(call()).rejects.toMatchObject({ code: 'token_rejected' });
    }),
  );

  it('renews a refused token once, and repeats the call', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      let grant = await provider.signIn(credentials);
      const source: TokenSource = {
        origin: provider.origin,
        upstream: provider.upstream,
        async getToken({ rejected } = {}) {
          if (rejected) grant = await provider.renew(grant);
          return { value: grant.accessToken };
        },
      };
      emulator.revokeTokens();
      emulator.requests.length = 0;
      expect(await cryptlexClient(source).licenses().toArray()).toHaveLength(6);
      expect(emulator.requests.map(({ path }) => path)).toEqual([
        '/v3/me/licenses',
        '/v3/accounts/login-refresh-token',
        '/v3/me/licenses',
      ]);
    }));

  it('takes a session as well', () =>
    emulated(async ({ provider, credentials }) => {
      const { accessToken } = await provider.signIn(credentials);
      const session = { source: staticTokenSource(accessToken, provider) };
      expect(await cryptlexClient(session).licenses().toArray()).toHaveLength(6);
    }));

  it('goes to the origin of a source that brings no upstream', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const { accessToken } = await provider.signIn(credentials);
      const client = cryptlexClient(staticTokenSource(accessToken, emulator.origin), {
        name: 'keys',
        userAgent: 'licence-desk/1',
      });
      expect(await client.licenses().toArray()).toHaveLength(6);
      expect(emulator.requests.at(-1)?.headers).toMatchObject({ 'user-agent': 'licence-desk/1' });
      emulator.revokeTokens();
      await expect(client.me()).rejects.toMatchObject({ code: 'token_rejected' });
      await expect(client.license('')).rejects.toMatchObject({ provider: 'keys' });
    }));

  it('refuses options that are none', () => {
    const source = staticTokenSource('t', 'https://api.cryptlex.com');
    expect(() => cryptlexClient(source, { timeoutMs: -1 })).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    );
  });
});
