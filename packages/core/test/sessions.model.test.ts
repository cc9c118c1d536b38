import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isLatchkeyError, isSessionId, memoryStore, type Token } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, bert, type ProviderCall } from './controlled-provider.js';
import { unhandledDuring } from './failures.js';
import { seeded } from './seeded.js';
import { sessionWorld } from './session-fixtures.js';
import { sessionLife, type SessionLife, type SessionStep } from './session-steps.js';

it('S1, S5, S6, S7, X4: an id gives access to what it should, whatever happened before', async () => {
  const unhandled = await unhandledDuring(() =>
    fc.assert(fc.asyncProperty(sessionLife, live), seeded('lives of sessions', 1_000)),
  );
  expect(unhandled).toEqual([]);
}, 120_000); // a counterexample takes longer to be made small than all runs together

/** What is known of a session from outside. */
interface Known {
  readonly id: string;
  readonly email: string;
  readonly createdAt: number;
  readonly endsAt: number;
  hasEnded: boolean;
  /** When it was used last, as far as is certain, and as may be. */
  usedAt: number;
  perhapsUsedAt: number;
  tokenEndsAt: number;
  /** The token was refused, and could not be renewed yet. */
  isRefused: boolean;
  readonly formerTokens: Token[];
}

const everybody = [anna, bert];
const clients = ['192.0.2.1', '2001:db8::1'];
const maxAgeMs = 35_000;
const windowMs = 300_000;

async function live({ renewable, lifetimeMs, idleMs = Infinity, steps }: SessionLife): Promise<void> {
  const clock = virtualClock();
  let renewals: 'give' | 'are refused' | 'fail' = 'give';
  const world = sessionWorld({
    clock,
    store: memoryStore({ clock }),
    renewable,
    lifetimeMs,
    answer,
    options: { maxAgeMs, ...(idleMs < Infinity && { idleMs }) },
  });
  const { acme } = world;
  const processes = [world.sessions, world.another()];
  const known: Known[] = [];
  const whose = new Map<string, string>();
  const tries = countedTries(() => clock.now());

  for (const step of steps) await take(step);
  for (const one of known) for (const at of [0, 1]) await get(at, one);

  function answer(call: ProviderCall) {
    if (call.kind === 'sign-in' && call.password === 'wrong') call.fail('invalid_credentials');
    else if (call.kind === 'sign-in' || renewals === 'give') call.give();
    else call.fail(renewals === 'fail' ? 'upstream_unavailable' : 'token_rejected');
    if (call.gave !== undefined) whose.set(call.gave, call.email);
  }

  async function take(step: SessionStep): Promise<void> {
    switch (step.do) {
      case 'sign in':
        await signIn(step);
        return;
      case 'get':
        await get(step.process, chosen(step.which));
        return;
      case 'refuse':
        await refuse(step.process, chosen(step.which));
        return;
      case 'refuse late':
        await refuseLate(step.process, chosen(step.which));
        return;
      case 'sign out': {
        const one = chosen(step.which);
        await processes[step.process]!.signOut(one?.id ?? 'A'.repeat(43));
        end(one);
        return;
      }
      case 'sign out everywhere': {
        const { email } = everybody[step.who]!;
        await processes[step.process]!.signOutEverywhere({ provider: 'acme', subject: email });
        known.filter((one) => one.email === email).forEach(end);
        return;
      }
      case 'renewals':
        renewals = step.now;
        return;
      case 'pass':
        await clock.advance(step.ms);
        return;
      case 'restart':
        processes[step.process] = world.another();
        return;
    }
  }

  function chosen(which: number): Known | undefined {
    return known.at(-1 - (which % Math.max(1, known.length)));
  }

  function end(one: Known | undefined) {
    if (one) one.hasEnded = true;
  }

  async function signIn({ who, process, client, isRight, replaces }: SessionStep & { do: 'sign in' }) {
    const { email, password } = everybody[who]!;
    const place = client === undefined ? undefined : clients[client]!;
    const presented = replaces === undefined ? undefined : chosen(replaces);
    const verdict = tries.check(email, place);
    const callsBefore = acme.calls.length;
    const outcome = await processes[process]!.signIn(
      'acme',
      { email, password: isRight ? password : 'wrong' },
      { client: place, replaces: presented?.id },
    ).catch((error: unknown) => error);
    expect(acme.calls.length - callsBefore).toBe(verdict.isFull ? 0 : 1);
    if (verdict.isFull || !isRight) {
      expect(outcome).toMatchObject({ code: verdict.isFull ? 'rate_limited' : 'invalid_credentials' });
      if (!verdict.isFull) verdict.count();
      else expect((outcome as { retryAfterMs: number }).retryAfterMs).toBe(verdict.retryAfterMs);
      return;
    }
    tries.succeeded(email, place);
    if (!isSignedIn(outcome)) throw new Error('a right sign-in was refused', { cause: outcome });
    end(presented);
    const { id, session } = outcome;
    expect(isSessionId(id) && known.every((one) => one.id !== id)).toBe(true);
    const now = clock.now();
    const tokenEndsAt = now + (lifetimeMs ?? Infinity);
    const endsAt = Math.min(now + maxAgeMs, renewable ? Infinity : tokenEndsAt);
    expect(session).toMatchObject({ createdAt: now, expiresAt: endsAt, identity: { subject: email } });
    known.push({
      id,
      email,
      createdAt: now,
      endsAt,
      hasEnded: false,
      usedAt: now,
      perhapsUsedAt: now,
      tokenEndsAt,
      isRefused: false,
      formerTokens: [],
    });
  }

  /** Asks for it, and looks at what is given. */
  async function get(process: number, one: Known | undefined) {
    if (!one) return undefined;
    const now = clock.now();
    const isOver = one.hasEnded || now >= one.endsAt || now >= one.perhapsUsedAt + idleMs;
    // What one process has seen, another may count up to a tenth less.
    const mayBeOver = isOver || now >= one.usedAt + idleMs * 0.9;
    const hasTokenEnded = now >= one.tokenEndsAt;
    const before = acme.renewals.length;
    const peeked = processes[process]!.peek(one.id);
    const outcome = await processes[process]!.get(one.id).catch((error: unknown) => error);
    // What is told at once is what is told at all.
    if (peeked) expect(outcome).toBe(peeked);
    const asked = acme.renewals.slice(before);
    // One process may know of a refusal, and another not.
    const isStale = hasTokenEnded || (one.isRefused && asked.length > 0);
    if (isLatchkeyError(outcome)) {
      expect([outcome.code, isStale, isOver, renewals, asked.length]).toEqual([
        'upstream_unavailable',
        true,
        false,
        'fail',
        1,
      ]);
      one.perhapsUsedAt = now;
      await clock.advance(1_000); // for so long it is told again
      return undefined;
    }
    if (outcome === undefined) {
      const isRefused = isStale && renewals === 'are refused';
      if (!isRefused) expect(mayBeOver).toBe(true);
      expect(asked.length).toBeLessThanOrEqual(isRefused && !isOver ? 1 : 0);
      end(one);
      return undefined;
    }
    expect(isOver).toBe(false);
    expect(asked.map(({ gave }) => gave !== undefined)).toEqual(isStale ? [true] : []);
    const session = outcome as Awaited<ReturnType<typeof world.sessions.signIn>>['session'];
    one.usedAt = one.perhapsUsedAt = now;
    if (isStale) {
      one.tokenEndsAt = now + (lifetimeMs ?? Infinity);
      one.isRefused = false;
    }
    const token = await session.source.getToken();
    session.source.accepted?.(token);
    expect(session).toMatchObject({
      identity: { provider: 'acme', subject: one.email },
      account: { email: one.email },
      createdAt: one.createdAt,
      expiresAt: one.endsAt,
    });
    expect(whose.get(token.value)).toBe(one.email);
    expect(one.formerTokens.map(({ value }) => value)).not.toContain(token.value);
    return { session, token };
  }

  async function refuse(process: number, one: Known | undefined) {
    const found = await get(process, one);
    if (!one || !found) return;
    const { session, token } = found;
    const before = acme.renewals.length;
    const outcome = await session.source.getToken({ rejected: token }).catch((error: unknown) => error);
    expect(acme.renewals.length - before).toBe(renewable ? 1 : 0);
    if (renewable && renewals === 'give') {
      expect(whose.get((outcome as Token).value)).toBe(one.email);
      expect((outcome as Token).value).not.toBe(token.value);
      one.formerTokens.push(token);
      one.isRefused = false;
      one.tokenEndsAt = clock.now() + (lifetimeMs ?? Infinity);
      session.source.accepted?.(outcome as Token);
    } else if (renewable && renewals === 'fail') {
      expect(outcome).toMatchObject({ code: 'upstream_unavailable', actor: 'user' });
      one.isRefused = true;
      await clock.advance(1_000);
    } else {
      expect(outcome).toMatchObject({ code: 'token_rejected', actor: 'user' });
      end(one);
    }
  }

  async function refuseLate(process: number, one: Known | undefined) {
    const rejected = one?.formerTokens.at(-1);
    if (!rejected) return;
    const found = await get(process, one);
    if (!found) return;
    const before = acme.calls.length;
    expect((await found.session.source.getToken({ rejected })).value).toBe(found.token.value);
    expect(acme.calls).toHaveLength(before);
  }
}

function isSignedIn(
  outcome: unknown,
): outcome is Awaited<ReturnType<ReturnType<typeof sessionWorld>['sessions']['signIn']>> {
  return typeof outcome === 'object' && outcome !== null && 'session' in outcome;
}

/** Refused tries as S5 counts them. */
function countedTries(now: () => number) {
  const all: { readonly at: number; readonly places: readonly string[] }[] = [];
  const friends = new Set<string>();
  return {
    succeeded(email: string, client: string | undefined) {
      if (client !== undefined) friends.add(`${email} ${client}`);
    },
    check(email: string, client: string | undefined) {
      const at = now();
      const limits: readonly (readonly [string, number])[] = [
        ...(client === undefined
          ? []
          : ([
              [`${email} ${client}`, 3],
              [client, 20],
            ] as const)),
        [email, 4],
      ];
      const recent = (place: string) =>
        all.filter((one) => one.at + windowMs > at && one.places.includes(place)).map((one) => one.at);
      const full = limits.find(([place, most]) => recent(place).length >= most);
      const isFriend = full?.[0] === email && friends.has(`${email} ${client ?? ''}`);
      const places = limits.map(([place]) => place).filter((place) => !isFriend || place !== email);
      const oldest = full && recent(full[0]).at(-full[1])!;
      return {
        isFull: full !== undefined && !isFriend,
        retryAfterMs: oldest === undefined ? 0 : oldest + windowMs - at,
        count: () => all.push({ at, places }),
      };
    },
  };
}
