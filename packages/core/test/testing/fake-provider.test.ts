import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../../src/index.js';
import { fakeProvider, virtualClock } from '../../src/testing/index.js';
import { failureOf } from '../failures.js';

const credentials = { email: 'user@example.com', password: 'correct horse' };

describe('fakeProvider', () => {
  it('signs its one user in', async () => {
    const clock = virtualClock();
    const provider = fakeProvider({ clock });
    const grant = await provider.signIn(credentials);
    expect(grant).toMatchObject({
      provider: 'fake',
      issuedAt: clock.now(),
      expiresAt: clock.now() + 3_600_000,
    });
    expect(grant.refreshToken).toBeUndefined();
    expect(provider.identify(await provider.account(grant))).toEqual({
      provider: 'fake',
      subject: 'user@example.com',
      email: 'user@example.com',
      name: 'user@example.com',
    });
    expect(provider.calls).toEqual({ signIn: 1, renew: 0 });
  });

  it('takes a name, users, and a lifetime that is not told', async () => {
    const users = [{ email: 'b@example.com', password: 'two', name: 'Bea' }];
    const provider = fakeProvider({ name: 'acme', users, lifetimeMs: undefined });
    const grant = await provider.signIn({ email: 'b@example.com', password: 'two' });
    expect('expiresAt' in grant).toBe(false);
    expect(provider.identify(await provider.account(grant))).toMatchObject({ provider: 'acme', name: 'Bea' });
    expect((await failureOf(provider.signIn(credentials))).code).toBe('invalid_credentials');
  });

  it('S4: refuses a wrong password and an unknown address in one way', async () => {
    const provider = fakeProvider();
    const wrong = await failureOf(provider.signIn({ ...credentials, password: 'wrong' }));
    const unknown = await failureOf(provider.signIn({ ...credentials, email: 'nobody@example.com' }));
    expect(wrong).toMatchObject({ code: 'invalid_credentials', provider: 'fake' });
    expect(JSON.stringify(unknown)).toBe(JSON.stringify(wrong));
    expect(unknown.message).toBe(wrong.message);
    expect(provider.calls.signIn).toBe(2);
  });

  it('F4: malformed credentials do not get as far as a sign-in', async () => {
    const provider = fakeProvider();
    expect((await failureOf(provider.signIn({ email: 'none', password: '' }))).code).toBe('invalid_input');
    expect(provider.calls.signIn).toBe(0);
  });

  it('gives a token of its own at each sign-in, known until it is revoked', async () => {
    const provider = fakeProvider();
    const [one, other] = [await provider.signIn(credentials), await provider.signIn(credentials)];
    expect(one.accessToken).not.toBe(other.accessToken);
    expect(await provider.verify!(one.accessToken)).toMatchObject({ email: 'user@example.com' });
    expect(await provider.verify!('unknown')).toBeUndefined();
    provider.revokeTokens();
    expect(await provider.verify!(other.accessToken)).toBeUndefined();
  });

  it('renews only where it was made renewable', async () => {
    expect(fakeProvider().renew).toBeUndefined();
    const provider = fakeProvider({ renewable: true });
    const grant = await provider.signIn(credentials);
    const renewed = await provider.renew!(grant);
    expect(renewed.accessToken).not.toBe(grant.accessToken);
    expect(renewed.account).toEqual(grant.account);
    expect(provider.calls).toEqual({ signIn: 1, renew: 1 });
    const spent = { provider: 'fake', accessToken: 'a', issuedAt: 0 };
    expect((await failureOf(provider.renew!(spent))).code).toBe('token_rejected');
  });

  it('fails as it was told to, once each and in order, in sign-ins and renewals', async () => {
    const provider = fakeProvider({ renewable: true });
    const grant = await provider.signIn(credentials);
    const error = new LatchkeyError('rate_limited', { retryAfterMs: 5 });
    provider.failNext('timeout');
    provider.failNext(error);
    expect(await failureOf(provider.signIn(credentials))).toMatchObject({
      code: 'timeout',
      provider: 'fake',
    });
    expect(await failureOf(provider.renew!(grant))).toBe(error);
    expect((await provider.signIn(credentials)).provider).toBe('fake');
    expect(provider.calls).toEqual({ signIn: 3, renew: 1 });
  });

  it('ends a sign-in whose signal is aborted, with the reason', async () => {
    const provider = fakeProvider();
    const controller = new AbortController();
    const outcome = expect(provider.signIn(credentials, { signal: controller.signal })).rejects.toBe('why');
    controller.abort('why');
    await outcome;
  });
});

describe('the tokens of a fake provider', () => {
  it('end with their time', async () => {
    const clock = virtualClock();
    const provider = fakeProvider({ clock, lifetimeMs: 1_000 });
    const { accessToken } = await provider.signIn({ email: 'user@example.com', password: 'correct horse' });
    await clock.advance(999);
    expect(await provider.verify?.(accessToken)).toMatchObject({ email: 'user@example.com' });
    await clock.advance(1);
    expect(await provider.verify?.(accessToken)).toBeUndefined();
  });

  it('are not renewed for a caller who has given up', async () => {
    const provider = fakeProvider({ renewable: true });
    const grant = await provider.signIn({ email: 'user@example.com', password: 'correct horse' });
    const reason = new Error('gave up');
    await expect(provider.renew?.(grant, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
