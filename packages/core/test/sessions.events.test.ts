import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import type { LatchkeyEvent } from '../src/index.js';
import { anna, gives } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { hour, sessionWorld } from './session-fixtures.js';

describe('the events of sessions', () => {
  it('tell of a life, from the sign-in to the end', async () => {
    const { clock, acme, sessions, events } = sessionWorld({ renewable: true });
    acme.settings.answer = (call) => call.fail('invalid_credentials');
    await failureOf(sessions.signIn('acme', anna));
    acme.settings.answer = (call) => {
      clock.sleep(120).then(
        () => call.give(),
        () => undefined,
      );
    };
    const signIn = sessions.signIn('acme', anna);
    await clock.advance(120);
    const { id, session } = await signIn;
    const started = clock.now();
    const renewing = session.source.getToken({ rejected: await session.source.getToken() });
    await clock.advance(120);
    session.source.accepted?.(await renewing);
    await clock.advance(hour);
    acme.settings.answer = (call) => call.fail('timeout');
    await failureOf(sessions.get(id));
    await clock.advance(1_000);
    acme.settings.answer = (call) => call.fail('invalid_credentials');
    expect(await sessions.get(id)).toBeUndefined();
    const provider = 'acme';
    const late = started + 120 + hour;
    expect(events).toEqual([
      { type: 'sign-in-refused', at: started - 120, provider, code: 'invalid_credentials', durationMs: 0 },
      { type: 'sign-in', at: started, provider, durationMs: 120 },
      { type: 'session-start', at: started, provider },
      { type: 'rejected', at: started, provider, code: 'token_rejected' },
      { type: 'renewal', at: started + 120, provider, durationMs: 120 },
      { type: 'renewal-failed', at: late, provider, code: 'timeout', durationMs: 0 },
      { type: 'renewal-failed', at: late + 1_000, provider, code: 'invalid_credentials', durationMs: 0 },
      { type: 'session-end', at: late + 1_000, provider, code: 'token_rejected' },
    ]);
  });

  it('F3: hold no secret and no e-mail address, and are what the channel carries', async () => {
    const told: unknown[] = [];
    const listen = (event: unknown) => told.push(event);
    subscribe('latchkey:event', listen);
    try {
      const world = sessionWorld({ renewable: true, options: { idleMs: hour } });
      const { clock, acme, sessions } = world;
      const { id, session } = await sessions.signIn('acme', anna, { client: '192.0.2.1' });
      await session.source.getToken({ rejected: await session.source.getToken() });
      acme.settings.answer = (call) => call.fail('second_factor_invalid');
      for (let times = 0; times < 5; times += 1)
        await failureOf(sessions.signIn('acme', anna, { client: '192.0.2.1' }));
      acme.settings.answer = gives;
      await clock.advance(hour / 2);
      await sessions.get(id);
      await sessions.signOutEverywhere(session.identity);
      await sessions.get(id);
      const text = JSON.stringify([told, world.events]);
      const secrets = [anna.email, anna.password, id, '192.0.2.1', ...acme.calls.map(({ gave }) => gave)];
      for (const secret of secrets) if (secret !== undefined) expect(text).not.toContain(secret);
      expect(told).toEqual(world.events);
      expect(world.told()).toContain('throttled');
    } finally {
      unsubscribe('latchkey:event', listen);
    }
  });

  it('tell of a refused token once, however often its renewal fails', async () => {
    const { clock, acme, sessions, signedIn, told } = sessionWorld({ renewable: true });
    const { source } = (await sessions.get(await signedIn()))!;
    const rejected = await source.getToken();
    acme.settings.answer = (call) => call.fail('upstream_unavailable');
    for (let times = 0; times < 3; times += 1) {
      await failureOf(source.getToken({ rejected }));
      await clock.advance(1_000);
    }
    expect(told().filter((type) => type === 'rejected')).toHaveLength(1);
  });

  it('disturb nothing where their listener fails', async () => {
    const warned: unknown[] = [];
    const warn = (warning: unknown) => warned.push(warning);
    process.on('warning', warn);
    try {
      const onEvent = (_: LatchkeyEvent) => {
        throw new Error('listener');
      };
      const { sessions, signedIn } = sessionWorld({ options: { onEvent } });
      const quiet = sessionWorld({ options: { onEvent } }).another({ onEvent });
      const { id } = await quiet.signIn('acme', anna);
      await quiet.signOut(id);
      expect(await sessions.get(await signedIn())).toBeDefined();
      await new Promise((resolve) => setImmediate(resolve));
      expect(warned.length).toBeGreaterThan(0);
    } finally {
      process.off('warning', warn);
    }
  });
});
