import { describe, expect, it } from 'vitest';
import { heading } from './harness/fields.js';
import { ask, signedInCookie } from './harness/requests.js';
import { freightDemo, vendorDemo } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';

describe.each(adapters)('a page for those with a licence, on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });
  const license = () => ({
    product: { id: stage.productId, displayName: 'Licensed', iconUrl: '', description: '' },
  });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it('opens for who has an active licence of the product', async () => {
      stage.cryptlex.addLicense(vendorDemo.email, license());
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorDemo);
      const response = await visitor.leave(() =>
        visitor.page.getByRole('link', { name: 'Downloads' }).first().click(),
      );
      expect([response.status(), visitor.where()]).toEqual([200, '/downloads']);
      expect(await heading(visitor.page)).toBe('Downloads');
    });

    it('says to who has none that a licence is needed', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorDemo);
      const response = await visitor.open('/downloads');
      expect(response.status()).toBe(403);
      expect(await heading(visitor.page)).toBe('A licence is needed');
      expect(await visitor.text()).not.toMatch(/entitlement|forbidden|403/i);
      // A dead end would be a page that only the browser's own buttons lead out of.
      expect(await visitor.page.locator('a[href="/account"]').count()).toBeGreaterThan(0);
    });

    it('is not for users of LCLXchange, who are told so in a page', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(freightDemo);
      const response = await visitor.open('/downloads');
      expect(response.status()).toBe(403);
      expect(response.headers()['content-type']).toContain('text/html');
      expect(await visitor.text()).toMatch(/licen[cs]e|Cryptlex/);
    });
  });

  it.each([
    ['suspended', { suspended: true }],
    ['revoked', { revoked: true }],
    ['expired', { expiresAt: '2020-01-01T00:00:00Z' }],
  ])('takes no licence that is %s', async (_, state) => {
    stage.cryptlex.addLicense(vendorDemo.email, { ...license(), ...state });
    const cookie = await signedInCookie(stage.app, vendorDemo);
    expect((await ask(stage.app, '/downloads', { headers: { cookie } })).status).toBe(403);
  });
});
