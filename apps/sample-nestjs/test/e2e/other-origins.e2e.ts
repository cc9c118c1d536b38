import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, postForm, signedInCookie } from './harness/requests.js';
import { freightDemo } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';

const typed = { ...freightDemo, email: 'c4nary@example.com', password: 'c4nary-password' };

describe.each(adapters)('forms of other sites, on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });
  let evil: Server | undefined;
  let port: number;

  beforeAll(async () => {
    evil = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://evil.example');
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(formFor(searchParams.get('to') ?? '', JSON.parse(searchParams.get('fields') ?? '{}')));
    });
    // For the browser `localhost` is another site than 127.0.0.1, and 127.0.0.1 with another port the same one.
    evil.listen(0, '127.0.0.1');
    await once(evil, 'listening');
    ({ port } = evil.address() as AddressInfo);
  });
  afterAll(async () => {
    evil?.closeAllConnections();
    await new Promise((resolve) => evil?.close(resolve) ?? resolve(undefined));
  });

  it.each([
    { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
  ])('signs nobody in who comes with %j, and repeats nothing', async (headers) => {
    for (const fields of [typed, { ...freightDemo }]) {
      const response = await postForm(stage.app, '/sign-in', fields, headers);
      const html = await response.text();
      expect(response.status).toBe(403);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(html).not.toContain('c4nary');
      expect(html).not.toContain(freightDemo.email);
    }
    expect(stage.lclx.requests).toEqual([]);
  });

  it.each(['/sign-out', '/sign-out-everywhere'])('signs nobody out at %s', async (path) => {
    const cookie = await signedInCookie(stage.app, freightDemo);
    const from = { cookie, 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' };
    expect((await postForm(stage.app, path, {}, from)).status).toBe(403);
    expect((await ask(stage.app, '/api/me', { headers: { cookie } })).status).toBe(200);
  });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it.each(['localhost', '127.0.0.1'])('a browser at %s is not signed in', async (host) => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.page.goto(evilUrl(host, '/sign-in', { ...freightDemo }));
      const response = await visitor.leave(() => visitor.page.getByRole('button', { name: 'Win' }).click());
      expect([response.status(), new URL(response.url()).origin]).toEqual([403, stage.app.origin]);
      expect(await visitor.context.cookies()).toEqual([]);
      expect(await visitor.page.content()).not.toContain(freightDemo.email);
      expect(stage.lclx.requests).toEqual([]);
      // Whoever lands there is led to a form of ours.
      await visitor.leave(() => visitor.page.locator('main a').first().click());
      expect(new URL(visitor.page.url()).origin).toBe(stage.app.origin);
    });

    it('a browser at a neighbour, which has the cookie, is not signed out', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(freightDemo);
      await visitor.page.goto(evilUrl('127.0.0.1', '/sign-out-everywhere', {}));
      const response = await visitor.leave(() => visitor.page.getByRole('button', { name: 'Win' }).click());
      expect(response.status()).toBe(403);
      await visitor.open('/account');
      expect(visitor.where()).toBe('/account');
    });
  });

  function evilUrl(host: string, path: string, fields: Readonly<Record<string, string>>): string {
    const query = new URLSearchParams({ to: `${stage.app.origin}${path}`, fields: JSON.stringify(fields) });
    return `http://${host}:${port}/?${query.toString()}`;
  }
});

function formFor(action: string, fields: unknown): string {
  const inputs = Object.entries(fields as Readonly<Record<string, string>>).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}">`,
  );
  return `<!doctype html><title>A prize</title>
    <form method="post" action="${action}">${inputs.join('')}<button>Win</button></form>`;
}
