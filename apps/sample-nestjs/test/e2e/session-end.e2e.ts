import { describe, expect, it } from 'vitest';
import { freightDemo, vendorDemo, vendorMany } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';

describe.each(adapters)('a session that has ended, on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it('by a token that the provider took back: says so, and leads back after signing in', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(freightDemo);
      stage.lclx.revokeTokens();
      const response = await visitor.open('/account?page=1');
      expect(response.status()).toBe(200);
      const { pathname, searchParams } = new URL(visitor.page.url());
      expect(pathname).toBe('/sign-in');
      expect(Object.fromEntries(searchParams)).toEqual({ next: '/account?page=1', notice: 'session-ended' });
      expect(await visitor.text()).toMatch(/session has ended/i);
      expect(await visitor.page.content()).not.toContain('Example Freight');
      expect(await visitor.context.cookies()).toEqual([]);
      await visitor.signInHere(freightDemo);
      expect(visitor.where()).toBe('/account?page=1');
      expect(await visitor.text()).toContain('Example Freight');
    });

    it('by a cookie that means nothing: asks to sign in', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorDemo);
      const [cookie] = await visitor.context.cookies();
      await visitor.context.addCookies([{ ...cookie!, value: 'A'.repeat(43) }]);
      const response = await visitor.open('/account');
      expect(response.status()).toBe(200);
      expect(new URL(visitor.page.url()).pathname).toBe('/sign-in');
    });

    it.each(['/downloads', '/account?page=2'])('and %s, opened by who is not signed in', async (path) => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.open(path);
      const { pathname, searchParams } = new URL(visitor.page.url());
      expect([pathname, searchParams.get('next')]).toEqual(['/sign-in', path]);
      // Nothing has ended for who was never signed in.
      expect(searchParams.has('notice')).toBe(false);
      // One mistake on the way does not lose it.
      await visitor.signInHere({ ...vendorMany, email: 'no address' });
      await visitor.signInHere(vendorMany);
      expect(visitor.where()).toBe(path);
    });
  });

  it('by a token that lived its time: says so', async () => {
    const visitor = await stage.visitor();
    stage.lclx.set({ lifetimeSeconds: 2 });
    await visitor.signIn(freightDemo);
    expect(visitor.where()).toBe('/account');
    const place = async () => {
      await visitor.open('/account');
      return new URL(visitor.page.url()).pathname;
    };
    await expect.poll(place, { timeout: 8_000, interval: 250 }).toBe('/sign-in');
    expect(new URL(visitor.page.url()).searchParams.get('notice')).toBe('session-ended');
    expect(await visitor.text()).toMatch(/session has ended/i);
  });
});
