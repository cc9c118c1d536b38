import { describe, expect, it } from 'vitest';
import { runApp, startApp } from './harness/app-process.js';
import { sharedBrowser } from './harness/browser.js';
import { ask } from './harness/requests.js';
import { vendorDemo } from './harness/sample-users.js';
import { adapters } from './harness/stage.js';
import { newVisitor } from './harness/visitor.js';

describe('the environment', () => {
  it.each(adapters)('may say nothing: a demonstration on %s, with users to try', async (adapter) => {
    await using app = await startApp({ HTTP_ADAPTER: adapter });
    expect(app.stdout()).toContain('demo@example.com');
    expect(app.stdout()).toContain('sample-password-1');
    const visitor = await newVisitor(await sharedBrowser(), app.origin);
    await visitor.signIn(vendorDemo);
    expect(visitor.where()).toBe('/account');
    // What the demonstration promises: a licence that opens the downloads, and more licences than one page holds.
    expect(await visitor.page.getByRole('navigation', { name: 'Pages' }).count()).toBe(1);
    expect((await visitor.open('/downloads')).status()).toBe(200);
    await visitor.context.close();
    expect(visitor.watch.problems).toEqual([]);
    expect(app.stderr()).toBe('');
    expect(await app.stop()).toMatchObject({ isClean: true, stderr: '' });
  });

  it('that is wrong is refused in one message, with every variable that is, and the value of none', async () => {
    const { code, stdout, stderr, tookMs } = await runApp({
      PORT: 'abc',
      HTTP_ADAPTER: 'koa',
      CRYPTLEX_ORIGIN: 'https://c4nary:c4nary@cryptlex.example',
      CRYPTLEX_PRODUCT_ID: 'c4nary',
      LCLX_ORIGIN: 'c4nary',
      LOG_LEVEL: 'c4nary',
      REDIS_URL: 'http://:c4nary@redis.example',
      STORE_SECRETS: 'c4nary',
    });
    expect(code).toBe(1);
    expect(tookMs).toBeLessThan(5_000);
    for (const name of [
      'PORT',
      'HTTP_ADAPTER',
      'CRYPTLEX_ORIGIN',
      'CRYPTLEX_PRODUCT_ID',
      'LCLX_ORIGIN',
      'LOG_LEVEL',
      'REDIS_URL',
      'STORE_SECRETS',
    ])
      expect(stderr).toMatch(new RegExp(`^\\W*${name}\\b`, 'm'));
    expect(`${stdout}${stderr}`).not.toContain('c4nary');
    // A message, and no trace of where in the program it came up.
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
  });

  it.each(['PORT=65536', 'CRYPTLEX_ORIGIN=http://cryptlex.example', 'LCLX_ORIGIN=https://x.example/path'])(
    'that says %s is refused',
    async (setting) => {
      const [name = '', value = ''] = setting.split('=');
      const { code, stderr } = await runApp({ CRYPTLEX_ACCOUNT_ALIAS: 'example', [name]: value });
      expect(code).toBe(1);
      expect(stderr).toContain(name);
    },
  );

  it('of production must say all that production needs', async () => {
    const { code, stdout, stderr } = await runApp({ NODE_ENV: 'production' });
    expect(code).toBe(1);
    for (const name of ['CRYPTLEX_ACCOUNT_ALIAS', 'LCLX_ORIGIN', 'PUBLIC_ORIGIN', 'LOG_SECRET'])
      expect(stderr).toContain(name);
    expect(`${stdout}${stderr}`).not.toContain('sample-password');
  });

  it('of production echoes no secret', async () => {
    const { code, stdout, stderr } = await runApp({ NODE_ENV: 'production', LOG_SECRET: 'c4nary-too-short' });
    expect(code).toBe(1);
    expect(stderr).toContain('LOG_SECRET');
    expect(`${stdout}${stderr}`).not.toContain('c4nary');
  });

  it('may name one provider only, and then there is no choice', async () => {
    await using app = await startApp({ LCLX_ORIGIN: 'https://lclx.example' });
    const html = await (await ask(app, '/sign-in')).text();
    expect(html).toContain('LCLXchange');
    expect(html).not.toContain('Cryptlex');
    expect(app.stdout()).not.toContain('sample-password');
  });

  it('may name a port that is taken: the application says so and ends', async () => {
    await using app = await startApp({});
    const { port } = new URL(app.origin);
    const { code, stderr } = await runApp({ PORT: port });
    expect(code).toBe(1);
    expect(stderr).toContain(port);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
