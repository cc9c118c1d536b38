import { describe, expect, it } from 'vitest';
import { ask, signedInCookie } from './harness/requests.js';
import { freightDemo, vendorMany } from './harness/sample-users.js';
import { adapters, useStage } from './harness/stage.js';

describe.each(adapters)('the JSON API on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  it.each(['/api/me', '/api/licenses', '/api/departures', '/api/auth/session'])(
    'tells a stranger at %s, in JSON, that nobody is signed in',
    async (path) => {
      // Also who asks as a browser does for a page is not led to a form: a program would take that for its answer.
      const response = await ask(stage.app, path, { headers: { accept: 'text/html,*/*' } });
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(response.headers.get('cache-control')).toContain('no-store');
      expect(await response.json()).toMatchObject({ error: 'not_signed_in' });
    },
  );

  it('knows who signed in with the form', async () => {
    const cookie = await signedInCookie(stage.app, freightDemo);
    const me = await ask(stage.app, '/api/me', { headers: { cookie } });
    expect(me.status).toBe(200);
    expect(await me.json()).toMatchObject({ provider: 'lclx', email: freightDemo.email });
    expect(me.headers.get('cache-control')).toContain('no-store');
    const departures = await ask(stage.app, '/api/departures', { headers: { cookie } });
    expect(departures.status).toBe(200);
    expect(await departures.json()).toMatchObject([
      { from: 'Shanghai, CN', to: 'Los Angeles, US' },
      {},
      {},
      {},
      {},
      {},
      {},
      {},
    ]);
    const licenses = await ask(stage.app, '/api/licenses', { headers: { cookie } });
    expect([licenses.status, await licenses.json()]).toMatchObject([403, { error: 'provider_not_allowed' }]);
  });

  it('has licences page by page, without one twice', async () => {
    const cookie = await signedInCookie(stage.app, vendorMany);
    const ids: string[] = [];
    for (let page = 1, hasMore = true; hasMore; page += 1) {
      expect(page).toBeLessThan(100);
      const response = await ask(stage.app, `/api/licenses?page=${page}`, { headers: { cookie } });
      expect(response.status).toBe(200);
      const body = (await response.json()) as { licenses: { id: string }[]; hasMore: boolean };
      ids.push(...body.licenses.map(({ id }) => id));
      ({ hasMore } = body);
    }
    expect([ids.length, new Set(ids).size]).toEqual([237, 237]);
  });

  it('signs programs in, which then bring the id as a bearer token', async () => {
    const { email, password } = freightDemo;
    const response = await ask(stage.app, '/api/auth/lclx/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password, transport: 'bearer' }),
    });
    expect(response.status).toBe(200);
    const { id } = (await response.json()) as { id: string };
    const me = await ask(stage.app, '/api/me', { headers: { authorization: `Bearer ${id}` } });
    expect(await me.json()).toMatchObject({ email });
  });

  it.each(['/api/nothing', '/api/auth/nothing'])(
    'answers in JSON that there is nothing at %s',
    async (path) => {
      const response = await ask(stage.app, path);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toContain('application/json');
    },
  );

  it('says in JSON that a body cannot be read, and nothing of what is in it', async () => {
    const response = await ask(stage.app, '/api/auth/lclx/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"password":c4nary-secret}',
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.text()).not.toContain('c4nary');
  });

  it('is described as OpenAPI, with what is guarded', async () => {
    const response = await ask(stage.app, '/docs/openapi.json');
    expect(response.status).toBe(200);
    const document = (await response.json()) as OpenApi;
    expect(document.openapi).toMatch(/^3\./);
    const schemes = Object.keys(document.components.securitySchemes);
    for (const path of ['/api/me', '/api/licenses', '/api/departures']) {
      const { security = [], responses } = document.paths[path]!.get!;
      expect(security.length).toBeGreaterThan(0);
      for (const name of security.flatMap((one) => Object.keys(one))) expect(schemes).toContain(name);
      expect(Object.keys(responses)).toContain('401');
    }
    expect(document.paths['/api/auth/{provider}/sign-in']?.post?.security ?? []).toEqual([]);
    expect(document.paths['/health/live']?.get?.security ?? []).toEqual([]);
    // Pages are for people.
    expect(Object.keys(document.paths)).not.toContain('/account');
  });

  it('is described in a page, which works under the policy of all others', async () => {
    const visitor = await stage.visitor();
    const response = await visitor.open('/docs');
    expect(response.status()).toBe(200);
    await visitor.page.getByText('/api/me').first().waitFor();
  });
});

interface OpenApi {
  readonly openapi: string;
  readonly components: { readonly securitySchemes: object };
  readonly paths: Readonly<Record<string, Readonly<Record<'get' | 'post', Operation | undefined>>>>;
}

interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly responses: object;
}
