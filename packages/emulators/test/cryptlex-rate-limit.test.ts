import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CryptlexBehaviour, type CryptlexEmulator, startCryptlexEmulator } from '../src/index.js';
import { ask, cryptlexLogin } from './ask.js';

let emulator: CryptlexEmulator;
let origin: string;

beforeEach(async () => {
  emulator = await startCryptlexEmulator();
  ({ origin } = emulator);
});
afterEach(() => emulator.stop());

const statuses = async (count: number) => {
  const seen = [];
  for (let round = 0; round < count; round++) seen.push((await ask(origin, 'GET /v3/me')).status);
  return seen;
};

describe('the rate limit', () => {
  it('is off at first, and then there are no headers of it', async () => {
    expect(new Set(await statuses(60))).toEqual(new Set([401]));
    expect((await ask(origin, 'GET /v3/me')).headers).not.toHaveProperty('x-rate-limit-limit');
  });

  it('lets 50 requests through in 5 seconds, whoever asks for whatever', async () => {
    emulator.set({ rateLimit: { requests: 50, perMs: 5_000 } });
    const first = await cryptlexLogin(origin);
    expect(first.status).toBe(200);
    expect(first.headers['x-rate-limit-limit']).toBe('5s');
    expect(first.headers['x-rate-limit-remaining']).toBe('49');
    expect(await statuses(49)).toEqual(Array(49).fill(401));
    const refused = await cryptlexLogin(origin);
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(refused.headers['retry-after']).toMatch(/^[1-5]$/);
    expect(refused.headers['x-rate-limit-remaining']).toBe('0');
    expect(refused.headers['x-rate-limit-reset']).toBe(first.headers['x-rate-limit-reset']);
    const left = Date.parse(String(first.headers['x-rate-limit-reset'])) - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5_000);
    emulator.advance(5_000);
    expect((await cryptlexLogin(origin)).status).toBe(200);
  });

  it('does not run the route of a refused request', async () => {
    emulator.set({ rateLimit: { requests: 1, perMs: 60_000 } });
    await statuses(1);
    for (let round = 0; round < 6; round++) await cryptlexLogin(origin, { password: 'a wrong password' });
    emulator.set({ rateLimit: false });
    expect((await cryptlexLogin(origin)).status).toBe(200);
  });

  it('begins anew when the clock is set back', async () => {
    emulator.set({ rateLimit: { requests: 1, perMs: 5_000 } });
    expect(await statuses(2)).toEqual([401, 429]);
    emulator.advance(-3_600_000);
    expect(await statuses(2)).toEqual([401, 429]);
  });

  it('rateLimitBody json', async () => {
    emulator.set({ rateLimit: { requests: 1, perMs: 1_500 }, rateLimitBody: 'json' });
    await statuses(1);
    const refused = await ask(origin, 'GET /v3/me');
    expect(refused.json()).toEqual({
      message: 'API calls quota exceeded! maximum admitted 1 per 1.5s.',
      code: 'RATE_LIMITED',
    });
    expect(refused.headers['x-rate-limit-limit']).toBe('1.5s');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });

  it.each([
    true,
    null,
    {},
    { requests: 0, perMs: 1 },
    { requests: 1.5, perMs: 1 },
    { requests: 1, perMs: 0 },
  ])('is not %j', (rateLimit) => {
    const behaviour = { rateLimit } as Partial<CryptlexBehaviour>;
    expect(() => emulator.set(behaviour)).toThrow(
      /^The switch "rateLimit" takes false or \{ requests, perMs \}/,
    );
  });
});
