import { describe, expect, it } from 'vitest';
import { heading } from './harness/fields.js';
import { headerProblems } from './harness/page-watch.js';
import { ask, postForm, signedInCookie } from './harness/requests.js';
import { freightDemo, vendorDemo, vendorFactor, vendorMany } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';
import type { Visitor } from './harness/visitor.js';

describe.each(adapters)('every page on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it('fits a screen of 320 pixels', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled, viewport: { width: 320, height: 640 } });
      const tooWide: string[] = [];
      const measure = async () => {
        const excess = await visitor.page.evaluate<number>(
          'document.scrollingElement.scrollWidth - innerWidth',
        );
        if (excess > 0) tooWide.push(`${visitor.where()}: ${excess} px`);
      };
      await visitor.open('/sign-in');
      await measure();
      await visitor.press('Sign in');
      await measure();
      await visitor.signIn(vendorFactor);
      await measure();
      await visitor.open('/nothing-is-here');
      await measure();
      await visitor.signIn(freightDemo);
      await measure();
      await visitor.press('Sign out');
      await visitor.signIn(vendorMany);
      await measure();
      await visitor.open('/account?page=2');
      await measure();
      await visitor.open('/downloads');
      await measure();
      stage.cryptlex.set({ fault: 'reset' });
      await visitor.open('/account');
      await measure();
      expect(tooWide).toEqual([]);
    });

    it('says of itself what it is, in its title and its language', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const titles: string[] = [];
      const look = async () => {
        titles.push(await visitor.page.title());
        expect(await visitor.page.locator('html').getAttribute('lang')).toMatch(/^en/);
        expect(await visitor.page.locator('h1').count()).toBe(1);
        expect(await visitor.page.locator('main').count()).toBe(1);
      };
      await visitor.open('/sign-in');
      await look();
      await visitor.open('/nothing-is-here');
      await look();
      await visitor.signIn(vendorDemo);
      await look();
      await visitor.open('/downloads');
      await look();
      expect(new Set(titles).size).toBe(titles.length);
    });

    it('is a page where there is nothing, too, signed in or not', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const expectNotFound = async (who: Visitor) => {
        const response = await who.open('/nothing-is-here');
        expect(response.status()).toBe(404);
        expect(response.headers()['content-type']).toContain('text/html');
        expect(await heading(who.page)).toBe('Not found');
      };
      await expectNotFound(visitor);
      await visitor.signIn(freightDemo);
      await expectNotFound(visitor);
    });

    it('has one cookie, for this site, that scripts cannot read', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.open('/sign-in');
      expect(await visitor.context.cookies()).toEqual([]);
      await visitor.signIn(vendorDemo);
      const cookies = await visitor.context.cookies();
      expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Lax', path: '/', domain: '127.0.0.1' }]);
      expect(cookies[0]!.value).toMatch(/^[\w-]{43}$/);
      await visitor.press('Sign out');
      await visitor.signIn(vendorDemo);
      expect((await visitor.context.cookies())[0]!.value).not.toBe(cookies[0]!.value);
    });
  });

  it.each([
    '/assets/package.json',
    '/assets/',
    '/assets/..%2fpackage.json',
    '/assets/%2e%2e/package.json',
    '/package.json',
  ])('is all that is served: not %s', async (path) => {
    expect((await ask(stage.app, path)).status).toBe(404);
  });

  it('comes with headers that keep others out, whatever its status', async () => {
    const cookie = await signedInCookie(stage.app, freightDemo);
    const answers = await Promise.all([
      ask(stage.app, '/'),
      ask(stage.app, '/sign-in'),
      ask(stage.app, '/account'),
      ask(stage.app, '/account', { headers: { cookie } }),
      ask(stage.app, '/downloads', { headers: { cookie } }),
      ask(stage.app, '/nothing-is-here'),
      ask(stage.app, '/api/me'),
      ask(stage.app, '/api/me', { headers: { cookie } }),
      ask(stage.app, '/docs'),
      postForm(stage.app, '/sign-in', {}),
      postForm(stage.app, '/sign-in', {}, { 'sec-fetch-site': 'cross-site' }),
      postForm(stage.app, '/sign-in', { email: 'x'.repeat(300_000) }),
      ask(stage.app, '/%'),
      ask(stage.app, '/assets/sample.css'),
      ask(stage.app, '/assets/swagger-ui-bundle.js'),
      ask(stage.app, '/assets/index.html'),
      ask(stage.app, '/forget.css'),
    ]);
    // What is not read keeps its connection.
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
    expect(answers.flatMap(({ url, headers }) => headerProblems(Object.fromEntries(headers), url))).toEqual(
      [],
    );
  });

  it('loads nothing from other hosts, and what it loads may be kept', async () => {
    const visitor = await stage.visitor();
    const loaded = new Map<string, string | undefined>();
    visitor.page.on('response', (response) => {
      if (!response.request().isNavigationRequest())
        loaded.set(response.url(), response.headers()['cache-control']);
    });
    await visitor.signIn(vendorDemo);
    expect([...loaded.keys()].filter((url) => !url.startsWith(`${stage.app.origin}/`))).toEqual([]);
    expect(loaded.size).toBeGreaterThan(0);
    for (const rule of loaded.values()) expect(rule ?? '').not.toContain('no-store');
  });

  it.each([
    '/..%2f..%2fpackage.json',
    '/public/../package.json',
    '/.env',
    '/assets/%2e%2e/%2e%2e/package.json',
  ])('is not what lies beside it: %s', async (path) => {
    const response = await ask(stage.app, path);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.text()).not.toContain('sample-nestjs');
  });
});
