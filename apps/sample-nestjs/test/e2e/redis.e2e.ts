import { randomUUID } from 'node:crypto';
import {
  type CryptlexEmulator,
  type LclxEmulator,
  startCryptlexEmulator,
  startLclxEmulator,
} from '@latchkey/emulators';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type AppEnv, type AppProcess, startApp } from './harness/app-process.js';
import { describeWithRedis, type RedisServer, startRedis } from './harness/redis.js';
import { ask, cookiesOf, postForm, signedInCookie } from './harness/requests.js';
import { freightDemo, freightSecond, type Person, vendorDemo, vendorMany } from './harness/sample-users.js';
import { leaksIn, secretsIn } from './harness/secrets.js';
import { type adapters, envOf } from './harness/stage.js';

/** Words for a user, and none for who runs the application. */
const technical = /redis|store|ECONN|socket|undefined|\[object|127\.0\.0\.1|stack|Error:/i;

const storeSecret = 'c4nary-store-secret-with-thirty-two-characters';

describeWithRedis('two processes with one Redis', () => {
  const secrets = new Set([storeSecret, '@example.com']);
  let redis: RedisServer;
  let cryptlex: CryptlexEmulator;
  let lclx: LclxEmulator;
  let env: AppEnv;
  /** One on Express, the other on Fastify: sessions are the same for both. */
  let one: AppProcess;
  let other: AppProcess;

  beforeAll(async () => {
    [redis, cryptlex, lclx] = await Promise.all([startRedis(), startCryptlexEmulator(), startLclxEmulator()]);
    secrets.add(redis.password).add(new URL(redis.url).host);
    const shared = { REDIS_URL: redis.url, STORE_SECRETS: storeSecret };
    env = { ...envOf({ cryptlex, lclx, productId: randomUUID() }), ...shared };
    [one, other] = await Promise.all([start('express'), start('fastify')]);
    await bothConnected();
  }, 30_000);

  afterEach(() => {
    for (const secret of secretsIn([...cryptlex.requests, ...lclx.requests])) secrets.add(secret);
    cryptlex.reset();
    lclx.reset();
  });
  afterAll(async () => {
    try {
      await Promise.all([ended(one), ended(other)]);
    } finally {
      await Promise.all([redis.kill(), cryptlex.stop(), lclx.stop()]);
    }
  }, 30_000);

  const start = (adapter: (typeof adapters)[number]) => startApp({ ...env, HTTP_ADAPTER: adapter });

  /** Has it end. It must do so by itself, and have written nothing of what was typed and sent. */
  async function ended(app: AppProcess): Promise<void> {
    const { isClean, stdout, stderr } = await app.stop();
    expect(leaksIn('stdout', stdout, secrets)).toEqual([]);
    expect([isClean, stderr]).toEqual([true, '']);
  }

  async function bothConnected(): Promise<void> {
    const isUp = async () => {
      for (const app of [one, other]) expect(await healthOf(app)).toEqual([200, { status: 'up' }]);
    };
    await vi.waitFor(isUp, { timeout: 10_000 });
  }

  /** Signs in; what the session is known by is a secret from then on. */
  async function signIn(app: AppProcess, person: Person): Promise<string> {
    const cookie = await signedInCookie(app, person);
    secrets.add(cookie.split('=')[1]!);
    return cookie;
  }

  it.each([vendorDemo, freightDemo])(
    'signs in at one, and is signed in at the other: $provider',
    async (person) => {
      const cookie = await signIn(one, person);
      const me = await ask(other, '/api/me', { headers: { cookie } });
      expect([me.status, await me.json()]).toMatchObject([200, { email: person.email }]);
      // With its tokens, too.
      const page = await ask(other, '/account', { headers: { cookie } });
      expect(page.status).toBe(200);
      expect(await page.text()).toMatch(person === vendorDemo ? /data-status/ : /Shanghai/);
    },
  );

  it('signs out at one, and is signed out at the other by the next request', async () => {
    const cookie = await signIn(one, freightDemo);
    await expectSignedIn(other, cookie);
    await signOut(one, '/sign-out', cookie);
    await expectSignedOut(other, cookie);
  });

  it('signs out everywhere at one, and everywhere is at the other, too', async () => {
    const [here, there, stranger] = [
      await signIn(one, freightDemo),
      await signIn(other, freightDemo),
      await signIn(other, freightSecond),
    ];
    await signOut(one, '/sign-out-everywhere', here);
    for (const app of [one, other]) for (const cookie of [here, there]) await expectSignedOut(app, cookie);
    await expectSignedIn(one, stranger);
  });

  it('counts wrong passwords together', async () => {
    const statuses: number[] = [];
    for (const [attempt, app] of [one, other, one, other, one].entries()) {
      const fields = { ...vendorDemo, email: 'nobody@example.com', password: `c4nary-password-${attempt}` };
      statuses.push((await postForm(app, '/sign-in', fields)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(cryptlex.requests).toHaveLength(3);
  });

  it('keeps the pace of Cryptlex together', async () => {
    const cookie = await signIn(one, vendorMany);
    const each = 24;
    const calls = [one, other].flatMap((app) =>
      Array.from({ length: each }, () => ask(app, '/api/licenses', { headers: { cookie } })),
    );
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const times = cryptlex.requests.map(({ at }) => at);
    expect(times.length).toBeGreaterThan(2 * each);
    // A little less than the span: what is counted when it is sent is counted here when it comes.
    const inSpan = times.map((from) => times.filter((at) => at >= from && at < from + 4_500).length);
    expect(Math.max(...inSpan)).toBeLessThanOrEqual(45);
  });

  it('leaves nothing in it that tells who is signed in, or opens anything', async () => {
    await signIn(one, vendorDemo);
    await expectSignedIn(other, await signIn(one, freightDemo));
    await postForm(other, '/sign-in', { ...freightSecond, password: 'c4nary-password' });
    for (const secret of secretsIn([...cryptlex.requests, ...lclx.requests])) secrets.add(secret);
    const contents = await redis.contents();
    expect(contents.size).toBeGreaterThan(3);
    const told = ['c4nary', 'demo', 'Sample User', 'Example Freight', 'cryptlex', 'lclx', '127.0.0.1'];
    for (const [name, value] of contents) {
      expect(name).toMatch(/^latchkey:/);
      expect(leaksIn(name, `${name}\n${value}`, [...secrets, ...told])).toEqual([]);
    }
  });

  it('keeps users signed in when both are started again, also who signs in meanwhile', async () => {
    const earlier = await signIn(other, vendorDemo);
    lclx.set({ fault: { kind: 'slow-headers', delayMs: 500 } });
    const endBoth = async () => {
      await expect.poll(() => lclx.requests.length, { timeout: 5_000 }).toBeGreaterThan(0);
      await Promise.all([ended(one), ended(other)]);
    };
    const [meanwhile] = await Promise.all([signIn(one, freightDemo), endBoth()]);
    // To end the connection is not to lose it.
    expect([linesOf(one, 'SharedStore'), linesOf(other, 'SharedStore')]).toEqual([[], []]);
    lclx.set({ fault: undefined });
    [one, other] = await Promise.all([start('express'), start('fastify')]);
    await bothConnected();
    for (const app of [one, other]) {
      const licenses = await ask(app, '/api/licenses', { headers: { cookie: earlier } });
      const departures = await ask(app, '/api/departures', { headers: { cookie: meanwhile } });
      expect([licenses.status, departures.status]).toEqual([200, 200]);
    }
  });

  it('says in plain words that it is down, lives on, and works again when it is back', async () => {
    const cookie = await signIn(one, freightDemo);
    await expectSignedIn(other, cookie);
    await redis.kill();
    for (const app of [one, other]) {
      const page = await ask(app, '/account', { headers: { cookie } });
      const html = await page.text();
      expect(page.status).toBe(503);
      expect(html).toContain('<h1>Not available</h1>');
      expect(textOf(html)).not.toMatch(technical);
      const me = await ask(app, '/api/me', { headers: { cookie } });
      expect([me.status, await me.json()]).toMatchObject([503, { error: 'store_error' }]);
      const signingIn = await postForm(app, '/sign-in', { ...freightSecond });
      expect(signingIn.status).toBe(503);
      expect(await signingIn.text()).toContain('Nobody can sign in at the moment');
      expect(cookiesOf(signingIn)).toBe('');
      expect(await healthOf(app)).toEqual([503, { status: 'down', code: 'store_error' }]);
      for (const path of ['/health/live', '/health/ready', '/sign-in'])
        expect([path, (await ask(app, path)).status]).toEqual([path, 200]);
    }
    await redis.start();
    await bothConnected();
    // The session was in there and nowhere else.
    for (const app of [one, other]) await expectSignedOut(app, cookie);
    await expectSignedIn(other, await signIn(one, freightDemo));
    // By then each had tried a few times.
    for (const app of [one, other])
      expect(linesOf(app, 'SharedStore')).toEqual([
        ['error', expect.stringMatching(/^Redis cannot be reached: \w+\.$/)],
        ['warn', 'Redis can be reached again.'],
      ]);
  });

  it('ends, and starts, while it is down, and uses it from when it is there', async () => {
    await redis.kill();
    await ended(one);
    one = await start('express');
    expect(await healthOf(one)).toEqual([503, { status: 'down', code: 'store_error' }]);
    expect((await postForm(one, '/sign-in', { ...freightDemo })).status).toBe(503);
    await redis.start();
    await bothConnected();
    await expectSignedIn(other, await signIn(one, freightDemo));
    expect(linesOf(one, 'SharedStore')).toEqual([
      ['error', 'Redis cannot be reached: ECONNREFUSED.'],
      ['warn', 'Redis can be reached again.'],
    ]);
  });

  it('that hangs holds up neither a request nor the end of the process', async () => {
    const cookie = await signIn(one, freightDemo);
    redis.pause();
    expect((await ask(one, '/api/me', { headers: { cookie } })).status).toBe(503);
    expect(await healthOf(one)).toEqual([503, { status: 'down', code: 'store_error' }]);
    await ended(one);
    redis.resume();
    await expectSignedIn(other, cookie);
  });
});

async function expectSignedIn(app: AppProcess, cookie: string): Promise<void> {
  expect((await ask(app, '/api/me', { headers: { cookie } })).status).toBe(200);
}

async function expectSignedOut(app: AppProcess, cookie: string): Promise<void> {
  const me = await ask(app, '/api/me', { headers: { cookie } });
  expect([me.status, await me.json()]).toMatchObject([401, { error: 'not_signed_in' }]);
  const page = await ask(app, '/account', { headers: { cookie } });
  expect([page.status, page.headers.get('location')]).toMatchObject([
    303,
    expect.stringMatching(/^\/sign-in/),
  ]);
}

async function signOut(app: AppProcess, path: string, cookie: string): Promise<void> {
  const response = await postForm(app, path, {}, { cookie, 'sec-fetch-site': 'same-origin' });
  expect([response.status, cookiesOf(response)]).toMatchObject([303, expect.stringMatching(/=$/)]);
}

async function healthOf(app: AppProcess): Promise<[status: number, store: object | undefined]> {
  const response = await ask(app, '/health');
  const { details } = (await response.json()) as { details: { store?: object } };
  return [response.status, details.store];
}

/** What one part of the application has logged: level and message of each line. */
function linesOf(app: AppProcess, context: string): (readonly [string, string])[] {
  return app
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: string; msg: string; context?: string })
    .filter((line) => line.context === context)
    .map(({ level, msg }) => [level, msg] as const);
}

/** What stands in a page to read, roughly. */
function textOf(html: string): string {
  return html.replace(/^.*<body>/s, '').replaceAll(/<[^>]*>/g, ' ');
}
