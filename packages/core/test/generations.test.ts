import { describe, expect, it } from 'vitest';
import { createGenerations, isGeneration } from '../src/generations.js';
import { memoryStore } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { failureOf } from './failures.js';
import { meddledStore } from './session-fixtures.js';

const account = { audience: 'http://localhost:9', identity: { provider: 'acme', subject: 'anna' } };
const dayMs = 86_400_000;

function setUp() {
  const clock = virtualClock();
  const store = meddledStore(memoryStore({ clock }));
  const generations = createGenerations(store, clock);
  const isIn = async (word: string) => isGeneration(word, await store.get(generations.keyOf(account)));
  return { clock, store, generations, isIn };
}

describe('generations', () => {
  it('are one word for all who join, at whatever moment and in whatever number', async () => {
    const { clock, generations } = setUp();
    const words = await Promise.all(Array.from({ length: 50 }, () => generations.joined(account, dayMs)));
    await clock.advance(dayMs / 2);
    words.push(await generations.joined(account, dayMs));
    expect(new Set(words).size).toBe(1);
  });

  it('last at least as long as the last who joined', async () => {
    const { clock, generations, isIn } = setUp();
    const word = await generations.joined(account, dayMs);
    for (let times = 0; times < 20; times += 1) {
      await clock.advance(dayMs * 0.1 * (times % 10));
      expect(await generations.joined(account, dayMs)).toBe(word);
    }
    await clock.advance(dayMs - 1);
    expect(await isIn(word)).toBe(true);
    await clock.advance(dayMs);
    expect(await isIn(word)).toBe(false);
  });

  it('are not shortened by who joins for less', async () => {
    const { clock, generations, isIn } = setUp();
    const word = await generations.joined(account, dayMs);
    expect(await generations.joined(account, 1_000)).toBe(word);
    await clock.advance(dayMs - 1);
    expect(await isIn(word)).toBe(true);
  });

  it('are never the same again once they have ended', async () => {
    const { generations, isIn } = setUp();
    const words = new Set<string>();
    for (let times = 0; times < 50; times += 1) {
      const word = await generations.joined(account, dayMs);
      expect([words.has(word), await isIn(word)]).toEqual([false, true]);
      words.add(word);
      await generations.end(account);
      expect(await isIn(word)).toBe(false);
    }
  });

  it('T13: an end that comes while somebody joins is not undone', async () => {
    const { store, generations, isIn } = setUp();
    const word = await generations.joined(account, dayMs);
    let times = 0;
    store.before = async (method) => {
      if (method !== 'replace' || times++ > 0) return;
      await generations.end(account);
    };
    const next = await generations.joined(account, 2 * dayMs);
    expect(next).not.toBe(word);
    expect([await isIn(word), await isIn(next)]).toEqual([false, true]);
  });

  it('are apart for each provider, audience and subject', () => {
    const { generations } = setUp();
    const { audience, identity } = account;
    const others = [
      { audience: `${audience}/a`, identity },
      { audience, identity: { ...identity, provider: 'other' } },
      { audience, identity: { ...identity, subject: 'bert' } },
      { audience: '', identity: { provider: 'acme', subject: `${audience}anna` } },
    ];
    const keys = [account, ...others].map((one) => generations.keyOf(one));
    expect(new Set(keys).size).toBe(5);
    expect(keys.join(' ')).not.toContain('anna');
  });

  it('give up where the store lets nobody write', async () => {
    const { store, generations } = setUp();
    const never = createGenerations({ ...store, replace: async () => false }, virtualClock());
    expect(await failureOf(never.joined(account, dayMs))).toMatchObject({ code: 'store_error' });
    expect(isGeneration('word', undefined)).toBe(false);
    expect(isGeneration('word', 'word2.1')).toBe(false);
    expect(generations).toBeDefined();
  });
});
