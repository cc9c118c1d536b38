import 'reflect-metadata';
import { LatchkeyError, type Session } from '@latchkey/core';
import { Logger, VersioningType } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { startSite, type Answer, type Site, type SiteOptions } from './site.js';

Logger.overrideLogger(false);

/** N5: the same answers on Express and Fastify, and, as every file here runs under both, on Nest 11 and 12. */
interface Scenario extends SiteOptions {
  /** Asks, and gives the answers that count. */
  readonly ask: (site: Site) => Promise<Answer | Answer[]>;
  readonly told: Answer | Answer[];
  /** How many sign-ins reach the provider, where that matters. */
  readonly asked?: number;
}

const identity =
  '{"provider":"fake","subject":"user@example.com","email":"user@example.com","name":"Sam User"}';
const signedIn = `{"identity":${identity},"expiresAt":1767229200000}`;
const cookie = '__Host-latchkey=<id>; Path=/; HttpOnly; Secure; SameSite=Lax';
const cleared =
  '__Host-latchkey=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT';
const user = { email: 'user@example.com', password: 'correct horse' };
const unknownId = 'x'.repeat(43);
const sameOrigin = { 'sec-fetch-site': 'same-origin' };

const me = told(200, '{"email":"user@example.com"}');
const nobody = told(200, '{"user":null}');
const notSignedIn = refusal(401, 'not_signed_in', 'Sign in to continue.', {
  'WWW-Authenticate': 'Bearer realm="latchkey"',
});
const badToken =
  'Bearer realm="latchkey", error="invalid_token", error_description="The access token is no longer accepted."';
const badBearer: Answer = { ...notSignedIn, 'WWW-Authenticate': badToken };
const badCookie: Answer = { ...notSignedIn, 'Set-Cookie': [cleared] };
const badInput = refusal(400, 'invalid_input', 'The request is not usable as it is.');
const wrongCredentials = refusal(401, 'invalid_credentials', 'The e-mail address or the password is wrong.');
const crossSite = refusal(403, 'csrf_rejected', 'The request came from another site.');
const tooMany = refusal(429, 'rate_limited', 'There were too many requests. Try again later.');
const storeIsDown = refusal(503, 'store_error', 'The store cannot be reached.');
const notEntitled = refusal(403, 'entitlement_required', 'The account is not entitled to this.');

const scenarios: Record<string, Scenario> = {
  // Routes of the application.
  'a public route, without a credential': {
    ask: ({ get }) => get('/open'),
    told: told(200, '{"open":true}'),
  },
  'a public route, with a bad cookie': {
    ask: ({ get }) => get('/open', { cookie: `__Host-latchkey=${unknownId}` }),
    told: told(200, '{"open":true}'),
  },
  'a guarded route, without a credential': {
    ask: ({ get }) => get('/me'),
    told: notSignedIn,
  },
  'a guarded route, with a cookie': {
    ask: async ({ get, signIn }) => get('/me', (await signIn()).cookie),
    told: me,
  },
  'a guarded route, with a bearer token': {
    ask: async ({ get, signIn }) => get('/me', (await signIn()).bearer),
    told: me,
  },
  'a guarded route, with the cookie of no session': {
    ask: ({ get }) => get('/me', { cookie: `__Host-latchkey=${unknownId}` }),
    told: badCookie,
  },
  'a guarded route, with a cookie that is no id': {
    ask: ({ get }) => get('/me', { cookie: '__Host-latchkey=constructor' }),
    told: notSignedIn,
  },
  'a guarded route, with the cookie of a session that was ended': {
    async ask({ get, post, signIn }) {
      const shown = (await signIn()).cookie;
      await post('/auth/sign-out', undefined, { ...shown, ...sameOrigin });
      return get('/me', shown);
    },
    told: badCookie,
  },
  'a guarded route, with the cookie of a session whose time is over': {
    async ask({ clock, get, signIn }) {
      const shown = (await signIn()).cookie;
      await clock.advance(3_600_001);
      return get('/me', shown);
    },
    told: badCookie,
  },
  'a guarded route, with the cookie twice': {
    async ask({ get, signIn }) {
      const shown = (await signIn()).cookie.cookie;
      return get('/me', { cookie: `${shown}; ${shown}` });
    },
    told: notSignedIn,
  },
  'a guarded route, with a bad bearer token': {
    ask: ({ get }) => get('/me', { authorization: `Bearer ${unknownId}` }),
    told: badBearer,
  },
  'a guarded route, with a bearer token that is no id': {
    ask: ({ get }) => get('/me', { authorization: 'Bearer fake-access-1' }),
    told: badBearer,
  },
  'a guarded route, with a good cookie and a bad bearer token': {
    ask: async ({ get, signIn }) =>
      get('/me', { ...(await signIn()).cookie, authorization: `Bearer ${unknownId}` }),
    told: badBearer,
  },
  'a guarded route, with a good cookie and an Authorization header of another scheme': {
    ask: async ({ get, signIn }) => get('/me', { ...(await signIn()).cookie, authorization: 'Basic eDp5' }),
    told: notSignedIn,
  },
  'the access token, in a handler': {
    ask: async ({ get, signIn }) => get('/token', (await signIn()).bearer),
    told: told(200, '{"token":"fake-access-1"}'),
  },
  'an optional route, without a credential': {
    ask: ({ get }) => get('/maybe'),
    told: nobody,
  },
  'an optional route, with the cookie of no session': {
    ask: ({ get }) => get('/maybe', { cookie: `__Host-latchkey=${unknownId}` }),
    told: nobody,
  },
  'an optional route, with a bad bearer token': {
    ask: ({ get }) => get('/maybe', { authorization: `Bearer ${unknownId}` }),
    told: nobody,
  },
  'an optional route, with a good session': {
    ask: async ({ get, signIn }) => get('/maybe', (await signIn()).cookie),
    told: told(200, '{"user":"user@example.com"}'),
  },
  'a route for another provider': {
    ask: async ({ get, signIn }) => get('/elsewhere', (await signIn()).cookie),
    told: refusal(403, 'provider_not_allowed', 'Accounts of this provider may not do this.'),
  },
  'a route for this provider': {
    ask: async ({ get, signIn }) => get('/elsewhere', (await signIn('other')).cookie),
    told: me,
  },
  'a route for one provider, without a credential': {
    ask: ({ get }) => get('/elsewhere'),
    told: notSignedIn,
  },
  'a route for an entitlement that the account has': {
    ask: async ({ get, signIn }) => get('/entitled/active', (await signIn()).cookie),
    told: me,
  },
  'a route for an entitlement that has ended': {
    ask: async ({ get, signIn }) => get('/entitled/ended', (await signIn()).cookie),
    told: notEntitled,
  },
  'a route for an entitlement that the account has not': {
    ask: async ({ get, signIn }) => get('/entitled/none', (await signIn()).cookie),
    told: notEntitled,
  },
  'a route for an entitlement, at a provider without any': {
    ask: async ({ get, signIn }) => get('/entitled/active', (await signIn('other')).cookie),
    told: notEntitled,
  },
  'a route for entitlements by a predicate that holds': {
    ask: async ({ get, signIn }) => get('/entitled/by-name', (await signIn()).bearer),
    told: me,
  },
  'a route for entitlements by a predicate that does not hold': {
    ask: async ({ get, signIn }) => get('/entitled/by-other-name', (await signIn()).bearer),
    told: notEntitled,
  },
  'a route for an entitlement, where the provider is down': {
    async ask({ entitlements, get, signIn }) {
      const shown = (await signIn()).cookie;
      entitlements.failure = 'upstream_unavailable';
      return get('/entitled/active', shown);
    },
    told: refusal(503, 'upstream_unavailable', 'The provider cannot be reached.'),
  },
  'a public class, and a guarded handler of it': {
    ask: ({ get }) => Promise.all([get('/public/open'), get('/public/closed')]),
    told: [told(200, '{"open":true}'), notSignedIn],
  },
  'a guarded class, and a public handler of it': {
    ask: ({ get }) => Promise.all([get('/closed/open'), get('/closed/me')]),
    told: [told(200, '{"open":true}'), notSignedIn],
  },

  // Requests from other sites.
  'a change with a cookie, from the same origin': {
    ask: async ({ post, signIn }) => post('/change', {}, { ...(await signIn()).cookie, ...sameOrigin }),
    told: told(200, '{"changed":true}'),
  },
  'a change with a cookie, from another site': {
    ask: async ({ post, signIn }) =>
      post('/change', {}, { ...(await signIn()).cookie, 'sec-fetch-site': 'cross-site' }),
    told: crossSite,
  },
  'a change with a cookie, from a neighbour': {
    ask: async ({ post, signIn }) =>
      post('/change', {}, { ...(await signIn()).cookie, 'sec-fetch-site': 'same-site' }),
    told: crossSite,
  },
  'a change with a cookie, from another origin': {
    ask: async ({ post, signIn }) =>
      post('/change', {}, { ...(await signIn()).cookie, origin: 'https://elsewhere.example' }),
    told: crossSite,
  },
  'a change with a cookie, from nobody knows where': {
    ask: async ({ post, signIn }) => post('/change', {}, (await signIn()).cookie),
    told: crossSite,
  },
  'a change with a bearer token, from another site': {
    ask: async ({ post, signIn }) =>
      post('/change', {}, { ...(await signIn()).bearer, 'sec-fetch-site': 'cross-site' }),
    told: told(200, '{"changed":true}'),
  },
  'a sign-in from another site': {
    ask: ({ post }) => post('/auth/fake/sign-in', user, { 'sec-fetch-site': 'cross-site' }),
    told: crossSite,
    asked: 0,
  },
  'a sign-out with a cookie, from another site': {
    async ask({ get, post, signIn }) {
      const shown = (await signIn()).cookie;
      const answer = await post('/auth/sign-out', undefined, { ...shown, 'sec-fetch-site': 'cross-site' });
      return [answer, await get('/me', shown)];
    },
    told: [crossSite, me],
  },

  // Signing in.
  'a sign-in': {
    ask: ({ post }) => post('/auth/fake/sign-in', user),
    told: told(200, signedIn, { 'Set-Cookie': [cookie], 'Cache-Control': 'no-store' }),
    asked: 1,
  },
  'a sign-in for a bearer token': {
    ask: ({ post }) => post('/auth/fake/sign-in', { ...user, transport: 'bearer' }),
    told: told(200, `${signedIn.slice(0, -1)},"id":"<id>"}`, { 'Cache-Control': 'no-store' }),
    asked: 1,
  },
  'a sign-in that replaces a session': {
    async ask({ get, post, signIn }) {
      const shown = (await signIn()).cookie;
      const answer = await post('/auth/fake/sign-in', user, { ...shown, ...sameOrigin });
      return [answer, await get('/me', shown)];
    },
    told: [told(200, signedIn, { 'Set-Cookie': [cookie], 'Cache-Control': 'no-store' }), badCookie],
  },
  'a sign-in for a transport that there is not': {
    ask: ({ post }) => post('/auth/fake/sign-in', { ...user, transport: 'pigeon' }),
    told: badInput,
    asked: 0,
  },
  'a sign-in with a wrong password': {
    ask: ({ post }) => post('/auth/fake/sign-in', { ...user, password: 'wrong' }),
    told: wrongCredentials,
  },
  'a sign-in to an account that there is not': {
    ask: ({ post }) => post('/auth/fake/sign-in', { ...user, email: 'nobody@example.com' }),
    told: wrongCredentials,
  },
  'a sign-in at a provider that there is not': {
    ask: ({ post }) => post('/auth/nowhere/sign-in', user),
    told: refusal(404, 'unknown_provider', 'There is no such provider.'),
    asked: 0,
  },
  'a sign-in at a provider with the name of something built in': {
    ask: ({ post }) => post('/auth/__proto__/sign-in', user),
    told: refusal(404, 'unknown_provider', 'There is no such provider.'),
    asked: 0,
  },
  'a sign-in without a body': {
    ask: ({ post }) => post('/auth/fake/sign-in'),
    told: badInput,
    asked: 0,
  },
  'a sign-in with a body that is no JSON': {
    ask: async ({ post }) => [
      await post('/auth/fake/sign-in', '{"password":canary}'),
      await post('/auth/fake/sign-in', '{"password":"canary'),
      await post('/auth/fake/sign-in', '{"password":"canary"} more'),
    ],
    told: [badInput, badInput, badInput],
    asked: 0,
  },
  'a sign-in with a list for a body': {
    ask: ({ post }) => post('/auth/fake/sign-in', [user]),
    told: badInput,
    asked: 0,
  },
  'a sign-in without a password': {
    ask: ({ post }) => post('/auth/fake/sign-in', { email: user.email }),
    told: badInput,
    asked: 0,
  },
  'a sign-in with an empty password': {
    ask: ({ post }) => post('/auth/fake/sign-in', { ...user, password: '' }),
    told: badInput,
    asked: 0,
  },
  'a sign-in without an address': {
    ask: ({ post }) => post('/auth/fake/sign-in', { password: user.password }),
    told: badInput,
    asked: 0,
  },
  'a sign-in with lists for texts': {
    ask: ({ post }) => post('/auth/fake/sign-in', { email: [user.email], password: [user.password] }),
    told: badInput,
    asked: 0,
  },
  'a sign-in with an object for a text': {
    ask: ({ post }) => post('/auth/fake/sign-in', { ...user, password: { length: 8 } }),
    told: badInput,
    asked: 0,
  },
  'a sign-in whose credentials are all in __proto__': {
    ask: ({ post }) => post('/auth/fake/sign-in', `{"__proto__":${JSON.stringify(user)}}`),
    told: badInput,
    asked: 0,
  },
  'a sign-in with __proto__ beside the credentials': {
    ask: ({ post }) =>
      post('/auth/fake/sign-in', `{"__proto__":{"polluted":true},${JSON.stringify(user).slice(1)}`),
    told: badInput,
    asked: 0,
  },
  'a sign-in with a password of 1 MB': {
    ask: ({ post }) => post('/auth/fake/sign-in', { ...user, password: 'x'.repeat(1_000_000) }),
    told: badInput,
    asked: 0,
  },
  'a sign-in with NUL in the password': {
    ask: ({ post }) => post('/auth/fake/sign-in', { ...user, password: 'x\0y' }),
    told: badInput,
    asked: 0,
  },
  'a sign-in after 4 refused tries from as many clients': {
    async ask({ post }) {
      for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']) {
        await post('/auth/fake/sign-in', { ...user, password: 'wrong' }, { 'x-client': client });
      }
      return post('/auth/fake/sign-in', user, { 'x-client': '192.0.2.5' });
    },
    told: { ...tooMany, 'Retry-After': '300' },
    asked: 4,
  },
  'a sign-in after 3 refused tries from the same client': {
    async ask({ post }) {
      const answers: Answer[] = [];
      for (let tries = 0; tries < 4; tries += 1) {
        answers.push(await post('/auth/fake/sign-in', { ...user, password: 'wrong' }));
      }
      return answers;
    },
    told: [wrongCredentials, wrongCredentials, wrongCredentials, { ...tooMany, 'Retry-After': '300' }],
    asked: 3,
  },
  'a sign-in after refused tries to an account that there is not': {
    async ask({ post }) {
      for (let tries = 0; tries < 3; tries += 1) {
        await post('/auth/fake/sign-in', { ...user, email: 'nobody@example.com' });
      }
      return post('/auth/fake/sign-in', { ...user, email: 'nobody@example.com' });
    },
    told: { ...tooMany, 'Retry-After': '300' },
    asked: 3,
  },

  // What providers answer.
  'a sign-in that the provider limits': {
    ask: failing(new LatchkeyError('rate_limited', { retryAfterMs: 6_001 })),
    told: { ...tooMany, 'Retry-After': '7' },
  },
  'a sign-in that the provider limits without saying for how long': {
    ask: failing('rate_limited'),
    told: tooMany,
  },
  'a sign-in at a provider that is down': {
    ask: failing('upstream_unavailable'),
    told: refusal(503, 'upstream_unavailable', 'The provider cannot be reached.'),
  },
  'a sign-in at a provider that is slow': {
    ask: failing('timeout'),
    told: refusal(504, 'timeout', 'The provider did not answer in time.'),
  },
  'a sign-in at a provider that answers nonsense': {
    ask: failing('invalid_response'),
    told: refusal(502, 'invalid_response', 'The provider gave an answer that cannot be used.'),
  },
  'a sign-in at a provider that answers with an error': {
    ask: failing(
      new LatchkeyError('upstream_error', { status: 500, upstreamCode: 'canary', message: 'canary' }),
    ),
    told: refusal(502, 'upstream_error', 'The provider answered with an error.'),
  },
  'a sign-in to an account that is locked': {
    ask: failing(new LatchkeyError('account_locked', { retryAfterMs: 60_000 })),
    told: refusal(429, 'account_locked', 'The account is locked after too many failures. Try again later.', {
      'Retry-After': '60',
    }),
  },
  'a sign-in to an account that is disabled': {
    ask: failing('account_disabled'),
    told: refusal(403, 'account_disabled', 'The account may not sign in.'),
  },
  'a sign-in that needs a second factor': {
    ask: failing('second_factor_required'),
    told: refusal(401, 'second_factor_required', 'A second-factor code is needed. Sign in again with it.'),
  },
  'a sign-in with a wrong second factor': {
    ask: failing('second_factor_invalid'),
    told: refusal(
      401,
      'second_factor_invalid',
      'The second-factor code is wrong. Sign in again with a new one.',
    ),
  },
  'a sign-in that the user hook refuses': {
    options: {
      user: () => {
        throw new LatchkeyError('account_disabled', { message: 'canary' });
      },
    },
    ask: ({ post }) => post('/auth/fake/sign-in', user),
    told: refusal(403, 'account_disabled', 'The account may not sign in.'),
  },

  // The other routes of the module.
  'the session, with a cookie': {
    ask: async ({ get, signIn }) => get('/auth/session', (await signIn()).cookie),
    told: told(200, signedIn, { 'Cache-Control': 'no-store' }),
  },
  'the session, with a bearer token': {
    ask: async ({ get, signIn }) => get('/auth/session', (await signIn()).bearer),
    told: told(200, signedIn, { 'Cache-Control': 'no-store' }),
  },
  'the session, without a credential': {
    ask: ({ get }) => get('/auth/session'),
    told: notSignedIn,
  },
  'the session, with the cookie of none': {
    ask: ({ get }) => get('/auth/session', { cookie: `__Host-latchkey=${unknownId}` }),
    told: badCookie,
  },
  'the session, with a bad bearer token': {
    ask: ({ get }) => get('/auth/session', { authorization: `Bearer ${unknownId}` }),
    told: badBearer,
  },
  'the providers': {
    ask: ({ get }) => get('/auth/providers'),
    told: told(
      200,
      '{"providers":[{"name":"fake","secondFactor":false},{"name":"other","secondFactor":true}]}',
      { 'Cache-Control': 'no-store' },
    ),
  },
  'a sign-out with a cookie, twice': {
    async ask({ post, signIn }) {
      const shown = { ...(await signIn()).cookie, ...sameOrigin };
      return [await post('/auth/sign-out', undefined, shown), await post('/auth/sign-out', undefined, shown)];
    },
    told: [
      told(204, '', { 'Set-Cookie': [cleared], 'Cache-Control': 'no-store' }),
      told(204, '', { 'Set-Cookie': [cleared], 'Cache-Control': 'no-store' }),
    ],
  },
  'a sign-out with a bearer token, which then is none': {
    async ask({ get, post, signIn }) {
      const shown = (await signIn()).bearer;
      return [await post('/auth/sign-out', undefined, shown), await get('/me', shown)];
    },
    told: [told(204, '', { 'Cache-Control': 'no-store' }), badBearer],
  },
  'a sign-out without a credential': {
    ask: ({ post }) => post('/auth/sign-out'),
    told: told(204, '', { 'Set-Cookie': [cleared], 'Cache-Control': 'no-store' }),
  },

  // S10: the store is down.
  'a guarded route, with the store down': {
    ask: async (site) => site.get('/me', await shownBeforeStoreFails(site)),
    told: storeIsDown,
  },
  'an optional route, with the store down': {
    ask: async (site) => site.get('/maybe', await shownBeforeStoreFails(site)),
    told: storeIsDown,
  },
  'a public route, with the store down': {
    ask: async (site) => site.get('/open', await shownBeforeStoreFails(site)),
    told: told(200, '{"open":true}'),
  },
  'the session, with the store down': {
    ask: async (site) => site.get('/auth/session', await shownBeforeStoreFails(site)),
    told: storeIsDown,
  },
  'a sign-in, with the store down': {
    async ask({ post, store }) {
      store.isDown = true;
      return post('/auth/fake/sign-in', user);
    },
    told: storeIsDown,
    asked: 0,
  },
  'a sign-out, with the store down': {
    ask: async (site) =>
      site.post('/auth/sign-out', undefined, { ...(await shownBeforeStoreFails(site)), ...sameOrigin }),
    told: { ...storeIsDown, 'Set-Cookie': [cleared] },
  },

  // S7, S9: whose credentials fail in a handler.
  'a service whose password is wrong, and the next request of the user': {
    async ask({ get, signIn }) {
      const shown = (await signIn()).cookie;
      return [await get('/report', shown), await get('/me', shown)];
    },
    told: [refusal(502, 'upstream_error', 'The provider answered with an error.'), me],
  },
  'a token of the user that is refused, and the next request': {
    async ask({ get, signIn }) {
      const shown = (await signIn()).cookie;
      return [await get('/orders', shown), await get('/me', shown)];
    },
    told: [
      refusal(401, 'token_rejected', 'The access token is no longer accepted.', {
        'WWW-Authenticate': badToken,
        'Set-Cookie': [cleared],
      }),
      badCookie,
    ],
  },
  'the same with a bearer token': {
    async ask({ get, signIn }) {
      const shown = (await signIn()).bearer;
      return [await get('/orders', shown), await get('/me', shown)];
    },
    told: [
      refusal(401, 'token_rejected', 'The access token is no longer accepted.', {
        'WWW-Authenticate': badToken,
      }),
      badBearer,
    ],
  },

  // How an application is set up.
  'a global prefix': {
    prepare: (app) => app.setGlobalPrefix('api'),
    async ask({ get, post }) {
      return [
        await post('/api/auth/fake/sign-in', user),
        await get('/api/me'),
        await get('/api/auth/providers'),
      ];
    },
    told: [
      told(200, signedIn, { 'Set-Cookie': [cookie], 'Cache-Control': 'no-store' }),
      notSignedIn,
      told(200, '{"providers":[{"name":"fake","secondFactor":false},{"name":"other","secondFactor":true}]}', {
        'Cache-Control': 'no-store',
      }),
    ],
  },
  'versions in the URL': {
    prepare: (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    async ask({ get, post }) {
      return [await post('/auth/fake/sign-in', user), await get('/v1/me')];
    },
    told: [told(200, signedIn, { 'Set-Cookie': [cookie], 'Cache-Control': 'no-store' }), notSignedIn],
  },
  'routes under another path': {
    options: { path: 'account' },
    ask: ({ post }) => post('/account/fake/sign-in', user),
    told: told(200, signedIn, { 'Set-Cookie': [cookie], 'Cache-Control': 'no-store' }),
  },
  'another realm, without bearer tokens': {
    options: { realm: 'the shop', bearer: false },
    ask: ({ get }) => Promise.all([get('/me'), get('/me', { authorization: `Bearer ${unknownId}` })]),
    told: [
      { ...notSignedIn, 'WWW-Authenticate': 'Bearer realm="the shop"' },
      { ...notSignedIn, 'WWW-Authenticate': 'Bearer realm="the shop"' },
    ],
  },
  'a cookie for plain http, kept by browsers': {
    options: { cookie: { secure: false, sameSite: 'strict', persistent: true, maxAgeMs: 60_000 } },
    ask: ({ post }) => post('/auth/fake/sign-in', user),
    told: told(200, signedIn, {
      'Set-Cookie': ['latchkey=<id>; Path=/; HttpOnly; SameSite=Strict; Max-Age=60'],
      'Cache-Control': 'no-store',
    }),
  },
  'no cookie': {
    options: { cookie: false },
    async ask({ get, post, signIn }) {
      return [
        await post('/auth/fake/sign-in', user),
        await get('/me', (await signIn()).cookie),
        await get('/me', (await signIn()).bearer),
        await post('/auth/sign-out'),
      ];
    },
    told: [
      told(200, `${signedIn.slice(0, -1)},"id":"<id>"}`, { 'Cache-Control': 'no-store' }),
      notSignedIn,
      me,
      told(204, '', { 'Cache-Control': 'no-store' }),
    ],
  },
  'a named set of providers beside the first': {
    withStaff: true,
    async ask({ get, post, shown }) {
      const answer = await post('/auth/staff/desk/sign-in', user);
      const desk = shown();
      return [
        answer,
        await get('/staff/me', desk.cookie),
        await get('/staff/me', desk.bearer),
        await get('/auth/staff/session', desk.cookie),
        await get('/auth/staff/providers'),
        await get('/me', desk.cookie),
        await get('/me', desk.bearer),
      ];
    },
    told: [
      told(200, signedIn.replace('fake', 'desk'), {
        'Set-Cookie': [cookie.replace('latchkey', 'latchkey-staff')],
        'Cache-Control': 'no-store',
      }),
      me,
      me,
      told(200, signedIn.replace('fake', 'desk'), { 'Cache-Control': 'no-store' }),
      told(200, '{"providers":[{"name":"desk","secondFactor":false}]}', { 'Cache-Control': 'no-store' }),
      notSignedIn,
      badBearer,
    ],
  },
  'a named set of providers alone': {
    options: { name: 'staff' },
    async ask({ get, post, shown }) {
      const answer = await post('/auth/staff/fake/sign-in', user);
      return [
        answer,
        await get('/auth/staff/session', shown().cookie),
        await get('/auth/staff/session'),
        await get('/report'),
      ];
    },
    told: [
      told(200, signedIn, {
        'Set-Cookie': [cookie.replace('latchkey', 'latchkey-staff')],
        'Cache-Control': 'no-store',
      }),
      told(200, signedIn, { 'Cache-Control': 'no-store' }),
      { ...notSignedIn, 'WWW-Authenticate': 'Bearer realm="staff"' },
      refusal(502, 'upstream_error', 'The provider answered with an error.'),
    ],
  },
  'somebody of the first set, at a route of the named one': {
    withStaff: true,
    async ask({ get, signIn }) {
      const shown = await signIn();
      return [
        await get('/staff/me', shown.cookie),
        await get('/staff/me', shown.bearer),
        await get('/staff/me', { cookie: `__Host-latchkey-staff=${unknownId}` }),
        await get('/auth/staff/session', { cookie: `__Host-latchkey-staff=${unknownId}` }),
      ];
    },
    told: [
      { ...notSignedIn, 'WWW-Authenticate': 'Bearer realm="staff"' },
      { ...badBearer, 'WWW-Authenticate': badToken.replace('latchkey', 'staff') },
      {
        ...badCookie,
        'WWW-Authenticate': 'Bearer realm="staff"',
        'Set-Cookie': [cleared.replace('latchkey', 'latchkey-staff')],
      },
      {
        ...badCookie,
        'WWW-Authenticate': 'Bearer realm="staff"',
        'Set-Cookie': [cleared.replace('latchkey', 'latchkey-staff')],
      },
    ],
  },
  'a sign-out of the named set, which leaves the other': {
    withStaff: true,
    async ask({ get, post, shown, signIn }) {
      const first = await signIn();
      await post('/auth/staff/desk/sign-in', user);
      const both = { cookie: `${first.cookie.cookie}; ${shown().cookie.cookie}` };
      return [
        await post('/auth/staff/sign-out', undefined, { ...both, ...sameOrigin }),
        await get('/me', both),
        await get('/staff/me', both),
      ];
    },
    told: [
      told(204, '', {
        'Set-Cookie': [cleared.replace('latchkey', 'latchkey-staff')],
        'Cache-Control': 'no-store',
      }),
      me,
      {
        ...badCookie,
        'WWW-Authenticate': 'Bearer realm="staff"',
        'Set-Cookie': [cleared.replace('latchkey', 'latchkey-staff')],
      },
    ],
  },
  'tokens of the provider in place of sessions': {
    options: { upstreamTokens: { provider: 'fake' } },
    async ask({ get, provider, signIn }) {
      const { accessToken } = await provider.signIn(user);
      const bearer = { authorization: `Bearer ${accessToken}` };
      return [
        await get('/me', bearer),
        await get('/maybe', bearer),
        await get('/token', bearer),
        await get('/session', bearer),
        await get('/auth/session', bearer),
        await get('/entitled/active', bearer),
        await get('/elsewhere', bearer),
        await get('/me', { authorization: 'Bearer fake-access-0' }),
        await get('/maybe', { authorization: 'Bearer fake-access-0' }),
        await get('/me', (await signIn()).bearer),
      ];
    },
    told: [
      me,
      told(200, '{"user":"user@example.com"}'),
      told(200, '{"token":"fake-access-1"}'),
      told(200, '{"session":null}'),
      told(200, `{"identity":${identity}}`, { 'Cache-Control': 'no-store' }),
      me,
      refusal(403, 'provider_not_allowed', 'Accounts of this provider may not do this.'),
      badBearer,
      nobody,
      me,
    ],
  },
  'the user that the application makes of somebody': {
    options: { user: ({ identity }: Session) => ({ email: `own ${identity.email ?? ''}` }) },
    async ask({ get, signIn }) {
      const shown = (await signIn()).cookie;
      return [await get('/me', shown), await get('/auth/session', shown)];
    },
    told: [
      told(200, '{"email":"own user@example.com"}'),
      told(200, signedIn, { 'Cache-Control': 'no-store' }),
    ],
  },
};

describe.each(['Express', 'Fastify'] as const)('N5: on %s', (platform) => {
  it.each(Object.entries(scenarios))('%s', async (_, { ask, told, asked, ...options }) => {
    const site = await startSite(platform, options);
    expect(await ask(site)).toEqual(told);
    if (asked !== undefined) expect(site.provider.calls.signIn).toBe(asked);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

/** An answer with these headers, and JSON where it has a body. */
function told(status: number, body: string, headers: Partial<Answer> = {}): Answer {
  return {
    status,
    body,
    'Content-Type': body === '' ? null : 'application/json; charset=utf-8',
    'WWW-Authenticate': null,
    'Retry-After': null,
    'Cache-Control': null,
    'Set-Cookie': [],
    ...headers,
  };
}

/** The answer to a request that is refused, or that fails. */
function refusal(status: number, code: string, sentence: string, headers: Partial<Answer> = {}): Answer {
  const body = `{"error":"${code}","message":"${sentence}"}`;
  return told(status, body, { 'Cache-Control': 'no-store', ...headers });
}

/** Signs in where the provider fails so. */
function failing(failure: ConstructorParameters<typeof LatchkeyError>[0] | LatchkeyError): Scenario['ask'] {
  return ({ post, provider }) => {
    provider.failNext(failure);
    return post('/auth/fake/sign-in', user);
  };
}

async function shownBeforeStoreFails({ signIn, store }: Site): Promise<Record<string, string>> {
  const { cookie } = await signIn();
  store.isDown = true;
  return cookie;
}
