import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'vitest';
import { startCryptlexEmulator, startLclxEmulator } from '@latchkey/emulators';
import { startApp } from './harness/app-process.js';
import { ask, postForm, signedInCookie } from './harness/requests.js';
import { freightDemo, vendorDemo } from './harness/sample-users.js';
import { adapters, envOf } from './harness/stage.js';

/** What requests under way are given, and some more for two cores that other tests keep busy. */
const graceMs = 6_000 + 2_500;
const productId = '11111111-0000-4000-8000-000000000002';

// The waits are most of it: they overlap. Tests that do are each given an `expect` of their own.
describe.concurrent.each(adapters)('being told to stop, on %s', (adapter) => {
  it('ends at once where nothing is under way, though browsers hold connections', async ({ expect }) => {
    await using cryptlex = await startCryptlexEmulator();
    await using lclx = await startLclxEmulator();
    await using app = await startApp({ ...envOf({ cryptlex, lclx, productId }), HTTP_ADAPTER: adapter });
    await signedInCookie(app, freightDemo);
    const { isClean, stderr, tookMs } = await app.stop();
    expect([isClean, stderr]).toEqual([true, '']);
    expect(tookMs).toBeLessThan(2_500);
  });

  it('ends within the time of grace though a sign-in hangs at the provider', async ({ expect }) => {
    await using cryptlex = await startCryptlexEmulator();
    await using lclx = await startLclxEmulator();
    await using app = await startApp({ ...envOf({ cryptlex, lclx, productId }), HTTP_ADAPTER: adapter });
    cryptlex.set({ fault: 'never' });
    const signingIn = postForm(app, '/sign-in', { ...vendorDemo }).then(
      ({ status }) => status,
      () => 'cut off',
    );
    await expect.poll(() => cryptlex.requests.length, { timeout: 5_000 }).toBe(1);
    const { isClean, stderr, tookMs } = await app.stop();
    expect([isClean, stderr]).toEqual([true, '']);
    expect(tookMs).toBeLessThan(graceMs);
    // An answer would be best; what must not be is somebody who waits for ever.
    expect([502, 503, 504, 'cut off']).toContain(await signingIn);
  });

  it.for([
    ['nothing', ''],
    ['half of its headers', 'GET / HTTP/1.1\r\nHost: 127'],
    ['half of a form', 'POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nemail='],
  ])('ends within the time of grace though somebody has sent %s', async ([, sent], { expect }) => {
    await using app = await startApp({ HTTP_ADAPTER: adapter });
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(sent ?? '');
    // Another request is answered: by then the first one has come as far as it will.
    await (await ask(app, '/health/live')).arrayBuffer();
    const { isClean, tookMs } = await app.stop();
    socket.destroy();
    expect(isClean).toBe(true);
    expect(tookMs).toBeLessThan(graceMs);
  });

  it('finishes what is under way and soon done', async ({ expect }) => {
    await using cryptlex = await startCryptlexEmulator();
    await using lclx = await startLclxEmulator();
    await using app = await startApp({ ...envOf({ cryptlex, lclx, productId }), HTTP_ADAPTER: adapter });
    lclx.set({ fault: { kind: 'slow-headers', delayMs: 500 } });
    const signingIn = postForm(app, '/sign-in', { ...freightDemo });
    await expect.poll(() => lclx.requests.length, { timeout: 5_000 }).toBe(1);
    const [{ isClean }, response] = await Promise.all([app.stop(), signingIn]);
    expect(isClean).toBe(true);
    expect([response.status, response.headers.get('location')]).toEqual([303, '/account']);
    await expect(ask(app, '/health/live')).rejects.toThrow();
  });
});
