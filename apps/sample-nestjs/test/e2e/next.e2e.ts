import { describe, expect, it } from 'vitest';
import { ask, postForm } from './harness/requests.js';
import { freightDemo } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';

const hostile = [
  'https://evil.example',
  'https:evil.example',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/%5cevil.example',
  '/.//evil.example',
  '/\t/evil.example',
  'javascript:alert(1)',
  'data:text/html,c4nary',
  '/account\r\nSet-Cookie: c4nary=1',
  '/account\0',
  `/${'a'.repeat(10_000)}`,
  'account',
  '',
].map((next) => [next.length > 60 ? 'a very long one' : JSON.stringify(next), next] as const);

describe.each(adapters)('where a sign-in leads to, on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  it.each(hostile)('never off this site: %s in the link', async (_, next) => {
    const page = await ask(stage.app, `/sign-in?next=${encodeURIComponent(next)}`);
    expect(page.status).toBe(200);
    // What the page would post is posted, as it stands there.
    const [, kept = ''] = /<input[^>]*\bname="next"[^>]*\bvalue="([^"]*)"/.exec(await page.text()) ?? [];
    await expectLocal(await postForm(stage.app, '/sign-in', { ...freightDemo, next: kept }));
  });

  it.each(hostile)('never off this site: %s in the form', async (_, next) => {
    await expectLocal(await postForm(stage.app, '/sign-in', { ...freightDemo, next }));
  });

  it.each(hostile)('never off this site: %s in the address that the form is posted to', async (_, next) => {
    const path = `/sign-in?next=${encodeURIComponent(next)}`;
    await expectLocal(await postForm(stage.app, path, { ...freightDemo }));
  });

  it('never off this site: one of two in the form', async () => {
    const fields = Object.entries({ ...freightDemo, next: '/account' });
    const response = await postForm(stage.app, '/sign-in', [...fields, ['next', '//evil.example']]);
    expect([302, 303, 400]).toContain(response.status);
    if (response.status !== 400) await expectLocal(response);
  });

  it.each(['//evil.example', '/\\evil.example'])(
    'never off this site: %j after signing out',
    async (next) => {
      const response = await postForm(stage.app, '/sign-out', { next });
      expect(response.headers.get('location')).toMatch(/^\/sign-in\b/);
    },
  );

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it.each(['/\\evil.example/', 'javascript:document.title="c4nary"'])(
      'a browser stays here, whatever it makes of %s',
      async (next) => {
        const visitor = await stage.visitor({ javaScriptEnabled });
        await visitor.open(`/sign-in?next=${encodeURIComponent(next)}`);
        await visitor.signInHere(freightDemo);
        expect(new URL(visitor.page.url()).origin).toBe(stage.app.origin);
        expect(visitor.where()).toBe('/account');
        expect(await visitor.page.title()).not.toContain('c4nary');
      },
    );
  });

  async function expectLocal(response: Response): Promise<void> {
    expect(await response.text()).not.toContain('c4nary');
    expect([302, 303]).toContain(response.status);
    const location = response.headers.get('location') ?? '';
    expect(location).toMatch(/^\/(?![/\\])/);
    expect(new URL(location, stage.app.origin).origin).toBe(stage.app.origin);
    expect(response.headers.getSetCookie().join()).not.toContain('c4nary');
  }
});
