import { describe, expect, it } from 'vitest';
import { tokenSource } from '../src/index.js';
import { fakeProvider, virtualClock } from '../src/testing/index.js';

const credentials = { email: 'user@example.com', password: 'correct horse' };
describe('x', () => {
  it('T1: a thousand at once make one login', async () => {
    const clock = virtualClock();
    const provider = fakeProvider({ clock });
    const source = tokenSource(provider, credentials);
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => source.getToken()));
    expect(new Set(tokens.map((t) => t.value)).size).toBe(1);
    expect(provider.calls.signIn).toBe(1);
    const t2 = await Promise.all(tokens.map((rejected) => source.getToken({ rejected })));
    expect(new Set(t2.map((t) => t.value)).size).toBe(1);
    expect(provider.calls.signIn).toBe(2);
    expect(source.peek()).toBe(t2[0]);
    await clock.advance(3_599_000);
    expect(source.peek()).toBe(t2[0]);
    expect(await source.getToken()).toBe(t2[0]);
    await clock.advance(0);
    expect(source.peek()).not.toBe(t2[0]);
    expect(provider.calls.signIn).toBe(3);
    source.refreshCredentials();
    expect(source.peek()).toBeUndefined();
    await source.getToken();
    expect(provider.calls.signIn).toBe(3);
    expect(await source.account()).toMatchObject({ email: 'user@example.com' });
    await source.close();
    await expect(source.getToken()).rejects.toMatchObject({ code: 'closed', actor: 'service' });
  });
});
