import { describe, expect, it } from 'vitest';
import { expectNoProblemAt, expectProblemAt, heading, valueOf } from './harness/fields.js';
import { postForm } from './harness/requests.js';
import { freightDemo, freightDisabled, vendorDemo, vendorLocked } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';

describe.each(adapters)('signing in on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it('asks a stranger who comes to the start page to sign in', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const response = await visitor.open('/');
      expect(response.status()).toBe(200);
      expect(new URL(visitor.page.url()).pathname).toBe('/sign-in');
      expect(await heading(visitor.page)).toBe('Sign in');
      for (const name of ['Cryptlex', 'LCLXchange'])
        expect(await visitor.page.getByRole('radio', { name }).count()).toBe(1);
      expect(await visitor.page.getByLabel('Password').getAttribute('type')).toBe('password');
      expect(await visitor.page.getByLabel('Password').getAttribute('autocomplete')).toBe('current-password');
      expect(await visitor.page.getByLabel('E-mail address').getAttribute('autocomplete')).toMatch(
        /username|email/,
      );
      await expectNoProblemAt(visitor.page, 'email');
      await expectNoProblemAt(visitor.page, 'password');
    });

    it('shows a user of Cryptlex the account with its licences', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const response = await visitor.signIn(vendorDemo);
      expect([response.status(), visitor.where()]).toEqual([200, '/account']);
      expect(await heading(visitor.page)).toMatch(/Sample User|Your account/);
      expect(await visitor.text()).toContain(vendorDemo.email);
      const licences = visitor.page.locator('[data-status]');
      const statuses = await Promise.all(
        (await licences.all()).map((licence) => licence.getAttribute('data-status')),
      );
      expect(statuses.toSorted()).toEqual([
        'active',
        'active',
        'expired',
        'revoked',
        'suspended',
        'suspended',
      ]);
      // The status is there to read, too, and not by colour alone.
      expect(await visitor.text()).toMatch(/suspended/i);
      expect(await visitor.text()).toContain('Sample Renderer');
    });

    it('shows a user of LCLXchange the company and the next departures', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const response = await visitor.signIn(freightDemo);
      expect([response.status(), visitor.where()]).toEqual([200, '/account']);
      // An ampersand, as it is and not as it is written in HTML.
      expect(await visitor.text()).toContain('Example Freight & Sons');
      const table = visitor.page.getByRole('table');
      expect(await table.getByRole('columnheader').count()).toBeGreaterThan(2);
      const rows = await table.locator('tbody tr').allInnerTexts();
      expect(rows.length).toBeGreaterThan(3);
      expect(rows[0]).toMatch(/Shanghai, CN[^]*Los Angeles, US/);
      expect(await visitor.page.locator('[data-status]').count()).toBe(0);
    });

    it('leads who is signed in already from the start page to the account', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(freightDemo);
      await visitor.open('/');
      expect(visitor.where()).toBe('/account');
    });

    it('says beside the password that it is wrong, keeps the address and not the password', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const response = await visitor.signIn({ ...freightDemo, password: 'c4nary-password' });
      expect(response.status()).toBe(401);
      await expectProblemAt(visitor.page, 'password', /password/i);
      expect(await valueOf(visitor.page, 'email')).toBe(freightDemo.email);
      expect(await valueOf(visitor.page, 'password')).toBe('');
      expect(await visitor.page.getByRole('radio', { name: 'LCLXchange' }).isChecked()).toBe(true);
      expect(await visitor.context.cookies()).toEqual([]);
      const corrected = await visitor.signInHere(freightDemo);
      expect([corrected.status(), visitor.where()]).toEqual([200, '/account']);
    });

    it('says of each empty field what it needs, and asks no provider', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.open('/sign-in');
      expect(await visitor.page.locator('form[action="/sign-in"]').getAttribute('novalidate')).toBe('');
      const response = await visitor.press('Sign in');
      expect(response.status()).toBeGreaterThanOrEqual(400);
      expect(response.status()).toBeLessThan(500);
      await expectProblemAt(visitor.page, 'email', /\w+ \w+/);
      await expectProblemAt(visitor.page, 'password', /\w+ \w+/);
      expect([...stage.cryptlex.requests, ...stage.lclx.requests]).toEqual([]);
    });

    it('says beside the address that it is none', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const response = await visitor.signIn({ ...vendorDemo, email: 'no address' });
      expect(response.status()).toBe(400);
      await expectProblemAt(visitor.page, 'email', /e-mail address/i);
      await expectNoProblemAt(visitor.page, 'password');
      expect(await valueOf(visitor.page, 'email')).toBe('no address');
      expect(await valueOf(visitor.page, 'password')).toBe('');
    });

    it('says in plain words that an account is locked', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const response = await visitor.signIn(vendorLocked);
      expect(response.status()).toBe(429);
      expect(await visitor.page.locator('#problem[role=alert]').innerText()).toMatch(/locked/i);
      expect(await valueOf(visitor.page, 'email')).toBe(vendorLocked.email);
    });

    it('says in plain words that an account is disabled', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const response = await visitor.signIn(freightDisabled);
      expect(response.status()).toBe(403);
      expect(await visitor.page.locator('#problem[role=alert]').innerText()).toMatch(
        /disabled|may not sign in/i,
      );
      expect(await valueOf(visitor.page, 'email')).toBe(freightDisabled.email);
      expect(await visitor.context.cookies()).toEqual([]);
    });

    it('takes what was typed for text, never for HTML', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const markup = '"><script>document.title="c4nary"</script><img src=x onerror=alert(1)>';
      await visitor.signIn({ ...vendorDemo, email: markup });
      expect(await valueOf(visitor.page, 'email')).toBe(markup);
      expect(await visitor.page.locator('img[src=x]').count()).toBe(0);
      expect(await visitor.page.title()).not.toContain('c4nary');
    });
  });

  it('answers a form of which nothing, or all of it twice, comes with a page and puts nothing into it', async () => {
    const bodies = [
      [],
      [['provider', 'nobody'] as const, ['email', vendorDemo.email] as const, ['password', 'x'] as const],
      ['provider', 'email', 'password', 'next', 'twoFactorCode'].flatMap((name) => [
        [name, '"><h1>c4nary</h1>'] as const,
        [name, 'c4nary'] as const,
      ]),
    ];
    for (const body of bodies) {
      const response = await postForm(stage.app, '/sign-in', body);
      const html = await response.text();
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(html).not.toContain('<h1>c4nary');
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect([...stage.cryptlex.requests, ...stage.lclx.requests]).toEqual([]);
  });
});
