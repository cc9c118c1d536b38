import { describe, expect, it } from 'vitest';
import { cachedTokenSource } from '../src/cached-token-source.js';
import type { GrantTokenOptions } from '../src/grant-token.js';
import { createToken, type Token, type TokenSource } from '../src/index.js';
import { createRefusalHold } from '../src/refusal-hold.js';
import { virtualClock } from '../src/testing/index.js';
import { failureOf } from './failures.js';

/** A cache of a source whose tokens are `token-1`, `token-2`, … and live for a minute; what that was asked is noted. */
function cached(inner: Partial<TokenSource> = {}) {
  const clock = virtualClock();
  const asked: GrantTokenOptions[] = [];
  const plain: TokenSource = {
    origin: 'https://api.example.com',
    async getToken(options = {}): Promise<Token> {
      asked.push(options);
      return createToken(`token-${asked.length}`, clock.now() + 60_000);
    },
    ...inner,
  };
  const hold = createRefusalHold({ clock, firstMs: 60_000, mostMs: 60_000, onHold: () => {} });
  const source = cachedTokenSource(plain, {
    provider: 'acme',
    clock,
    renewAheadMs: 5_000,
    renewFloorMs: 1_000,
    unknownLifetimeMs: 300_000,
    refusedAtOnceMs: 60_000,
    hold,
    emit: () => {},
  });
  return { clock, asked, source };
}

describe('a cached token source', () => {
  it('is of the origin of the source within, and stands for whom that does', async () => {
    const { source } = cached();
    expect(source.origin).toBe('https://api.example.com');
    expect('upstream' in source || 'actor' in source).toBe(false);
    const { source: other } = cached({ actor: 'user' });
    expect(other.actor).toBe('user');
    await other.close();
    expect(await failureOf(other.getToken())).toMatchObject({
      code: 'closed',
      actor: 'user',
      provider: 'acme',
    });
  });

  it('keeps tokens that have no grant', async () => {
    const { asked, source } = cached();
    const token = await source.getToken();
    expect(await source.getToken()).toBe(token);
    expect(asked).toHaveLength(1);
  });

  it('T3: tells the source within which token is to be replaced, and hands it no signal of a caller', async () => {
    const { asked, source } = cached();
    const { signal } = new AbortController();
    const token = await source.getToken({ signal });
    await source.getToken({ signal, rejected: token });
    expect(asked.map(({ rejected }) => rejected?.value)).toEqual([undefined, 'token-1']);
    for (const options of asked) {
      expect(options.signal).toBeInstanceOf(AbortSignal);
      expect(options.signal).not.toBe(signal);
    }
  });

  it('T2: knows a token by its value, be it another object', async () => {
    const { asked, source } = cached();
    const token = await source.getToken();
    const copy = createToken(token.value);
    source.accepted(copy);
    expect((await source.getToken({ rejected: copy })).value).toBe('token-2');
    expect(asked).toHaveLength(2);
  });

  it('T4: asks ahead of the end with the token that is to be replaced', async () => {
    const { clock, asked, source } = cached();
    const token = await source.getToken();
    await clock.advance(55_000);
    expect(await source.getToken()).toBe(token);
    await clock.advance(0);
    expect(asked[1]?.rejected).toBe(token);
    expect(source.peek()?.value).toBe('token-2');
  });

  it('looks at the token at hand once more before it gives that again', async () => {
    const { asked, source } = cached({
      async getToken(options: GrantTokenOptions = {}) {
        asked.push(options);
        return options.atHand ?? createToken(`token-${asked.length}`);
      },
    });
    const token = await source.getToken();
    source.recheck();
    expect(source.peek()).toBeUndefined();
    expect(await source.getToken()).toBe(token);
    expect(source.peek()).toBe(token);
    expect(asked.map(({ atHand }) => atHand)).toEqual([undefined, token]);
  });

  it.each<[string, unknown]>([
    ['an error of somebody else', new RangeError('mine')],
    ['no error', 'a text'],
  ])('passes on what the source within rejects with: %s', async (_what, reason) => {
    const { source } = cached({ getToken: () => Promise.reject(reason) });
    await expect(source.getToken()).rejects.toBe(reason);
  });
});
