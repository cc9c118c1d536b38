import { describe, expect, it } from 'vitest';
import { heading } from './harness/fields.js';
import { ask, signedInCookie } from './harness/requests.js';
import { freightDemo, freightSecond, vendorDemo } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';

describe.each(adapters)('signing out on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it('ends the session, and says so', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorDemo);
      const [cookie] = await visitor.context.cookies();
      const response = await visitor.press('Sign out');
      expect([response.status(), visitor.where()]).toEqual([200, '/sign-in?notice=signed-out']);
      expect(await heading(visitor.page)).toBe('Sign in');
      expect(await visitor.text()).toMatch(/signed out/i);
      expect(await visitor.context.cookies()).toEqual([]);
      // The session is gone, and not only this browser's knowledge of it.
      const stolen = { cookie: `${cookie!.name}=${cookie!.value}` };
      expect((await ask(stage.app, '/api/me', { headers: stolen })).status).toBe(401);
    });

    it('leaves the user’s other browsers signed in', async () => {
      const [one, other] = [
        await stage.visitor({ javaScriptEnabled }),
        await stage.visitor({ javaScriptEnabled }),
      ];
      await one.signIn(freightDemo);
      await other.signIn(freightDemo);
      await one.press('Sign out');
      await other.open('/account');
      expect(other.where()).toBe('/account');
    });

    it('everywhere: ends them all, but nobody else’s', async () => {
      const [one, other, stranger] = [
        await stage.visitor({ javaScriptEnabled }),
        await stage.visitor({ javaScriptEnabled }),
        await stage.visitor({ javaScriptEnabled }),
      ];
      await one.signIn(freightDemo);
      await other.signIn(freightDemo);
      await stranger.signIn(freightSecond);
      await one.press('Sign out everywhere');
      expect(one.where()).toBe('/sign-in?notice=signed-out-everywhere');
      expect(await one.text()).toMatch(/everywhere|all (?:browsers|devices)/i);
      expect(await one.context.cookies()).toEqual([]);
      await other.open('/account');
      expect(new URL(other.page.url()).pathname).toBe('/sign-in');
      expect(await other.page.content()).not.toContain('Example Freight');
      await stranger.open('/account');
      expect(stranger.where()).toBe('/account');
    });

    it('leaves nothing private behind the back button', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(freightDemo);
      expect(await visitor.page.content()).toContain('Example Freight');
      await visitor.press('Sign out');
      await visitor.page.goBack();
      const html = await visitor.page.content();
      expect(html).not.toContain('Example Freight');
      expect(html).not.toContain(freightDemo.email);
    });

    it('is no error for who is signed out already, in another tab', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(freightDemo);
      await visitor.context.clearCookies();
      const response = await visitor.press('Sign out');
      expect(response.status()).toBe(200);
      expect(new URL(visitor.page.url()).pathname).toBe('/sign-in');
    });
  });

  it.each(['/sign-out', '/sign-out-everywhere'])('does nothing for GET %s', async (path) => {
    const cookie = await signedInCookie(stage.app, freightDemo);
    expect([404, 405]).toContain((await ask(stage.app, path, { headers: { cookie } })).status);
    expect((await ask(stage.app, '/api/me', { headers: { cookie } })).status).toBe(200);
  });
});
