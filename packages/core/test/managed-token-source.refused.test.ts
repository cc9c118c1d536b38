import { describe, expect, it } from 'vitest';
import { LatchkeyError, type ErrorCode, type Token } from '../src/index.js';
import { anna, bert, gives, type ProviderCall, type TestCredentials } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { expectFloor, managed, watched } from './managed.js';

const second = 1_000;
const minute = 60 * second;

const refuses =
  (code: ErrorCode, details: { status?: number; retryAfterMs?: number } = {}) =>
  (call: ProviderCall) =>
    call.fail(new LatchkeyError(code, { provider: 'acme', ...details }));

const isRight = (call: ProviderCall) =>
  call.password === 'right' ? call.give() : call.fail('invalid_credentials');

describe('credentials that are refused', () => {
  it.each<[ErrorCode, number | undefined]>([
    ['invalid_credentials', 401],
    ['second_factor_required', 400],
    ['second_factor_invalid', undefined],
    ['account_locked', undefined],
    ['account_disabled', 403],
    ['upstream_error', 404],
    ['upstream_error', 422],
    ['invalid_response', 400],
  ])('T6: %s (%s) costs one login for the whole hold, however many call', async (code, status) => {
    const { clock, acme, source } = managed({
      answer: refuses(code, status === undefined ? {} : { status }),
    });
    for (let times = 0; times < 60; times += 1) {
      const errors = await Promise.all([1, 2, 3].map(() => failureOf(source.getToken())));
      for (const error of errors) expect(error).toMatchObject({ code, actor: 'service', provider: 'acme' });
      await clock.advance(second - (times === 59 ? 1 : 0));
    }
    expect(acme.calls).toHaveLength(1);
    await clock.advance(1);
    await failureOf(source.getToken());
    expect(acme.calls).toHaveLength(2);
    expect(clock.sleepers).toBe(0);
  });

  it.each<[ErrorCode, number | undefined]>([
    ['rate_limited', 429],
    ['upstream_error', 500],
    ['upstream_error', 503],
    ['upstream_error', 408],
    ['upstream_error', 425],
    ['timeout', undefined],
    ['upstream_unavailable', undefined],
    ['invalid_response', 200],
  ])('T6: %s (%s) is no refusal and holds nothing', async (code, status) => {
    const { clock, acme, source, eventsOf } = managed({
      answer: refuses(code, { ...(status !== undefined && { status }), retryAfterMs: minute }),
    });
    expect((await failureOf(source.getToken())).code).toBe(code);
    acme.settings.answer = gives;
    await clock.advance(second);
    expect((await source.getToken()).value).toBe('acme-access-1');
    expect(eventsOf('hold')).toEqual([]);
  });

  it('T6: the hold is 60 s, and doubles with each refusal in a row, up to 15 minutes', async () => {
    const { clock, acme, source, eventsOf } = managed({ answer: refuses('invalid_credentials') });
    for (const held of [60, 120, 240, 480, 900, 900]) {
      const before = acme.calls.length;
      await failureOf(source.getToken());
      expect(acme.calls).toHaveLength(before + 1);
      await clock.advance(held * second - 1);
      await failureOf(source.getToken());
      expect(acme.calls).toHaveLength(before + 1);
      await clock.advance(1);
    }
    expect(eventsOf('hold').map(({ holdMs }) => holdMs! / second)).toEqual([60, 120, 240, 480, 900, 900]);
    acme.settings.answer = gives;
    source.accepted(await source.getToken());
    acme.settings.answer = refuses('invalid_credentials');
    await failureOf(source.getToken({ rejected: source.peek()! }));
    expect(eventsOf('hold').at(-1)?.holdMs).toBe(minute);
  });

  it('T6: the hold is as configured', async () => {
    const { clock, source, eventsOf } = managed({
      answer: refuses('invalid_credentials'),
      options: { refusalHoldMs: 5_000, refusalHoldMaxMs: 8_000 },
    });
    for (let times = 0; times < 4; times += 1) {
      await failureOf(source.getToken());
      await clock.advance(10_000);
    }
    expect(eventsOf('hold').map(({ holdMs }) => holdMs)).toEqual([5_000, 8_000, 8_000, 8_000]);
  });

  it('T6: a locked account is left alone for as long as the provider says', async () => {
    const { clock, acme, source } = managed({
      answer: refuses('account_locked', { retryAfterMs: 30 * minute }),
    });
    await failureOf(source.getToken());
    await clock.advance(30 * minute - 1);
    expect(await failureOf(source.getToken())).toMatchObject({
      code: 'account_locked',
      retryAfterMs: 30 * minute,
    });
    expect(acme.calls).toHaveLength(1);
    await clock.advance(1);
    await failureOf(source.getToken());
    expect(acme.calls).toHaveLength(2);
  });

  it('T6: a refusal that comes after all have left is remembered', async () => {
    const { clock, acme, source } = managed({ answer: undefined, ignoresSignal: true });
    for (let times = 0; times < 5; times += 1) {
      const controller = new AbortController();
      const call = watched(source.getToken({ signal: controller.signal }));
      await clock.advance(2_000);
      controller.abort('mine');
      await clock.advance(2_000);
      expect(call.state).toBe('failed');
      for (const open of acme.open) open.fail('invalid_credentials');
      await clock.advance(2_000);
    }
    expect(acme.calls).toHaveLength(1);
    expect((await failureOf(source.getToken())).code).toBe('invalid_credentials');
  });

  it('T6: a sign-in that is answered with a rejected token is not sent twice by one call', async () => {
    const { acme, source } = managed({ answer: refuses('token_rejected') });
    expect((await failureOf(source.getToken())).code).toBe('token_rejected');
    expect(acme.calls).toHaveLength(1);
  });
});

describe('credentials that have changed', () => {
  it('T6: are used at once, though the ones before are held', async () => {
    let password = 'wrong';
    const { clock, acme, source } = managed({ answer: isRight, credentials: () => ({ ...anna, password }) });
    await failureOf(source.getToken());
    await clock.advance(10);
    await failureOf(source.getToken());
    expect(acme.calls).toHaveLength(1);
    password = 'right';
    expect((await source.getToken()).value).toBe('acme-access-1');
    expect(acme.calls).toHaveLength(2);
  });

  it('T6: and go to and fro between some that are wrong are held, each of them', async () => {
    let asked = 0;
    const { clock, acme, source } = managed({
      answer: isRight,
      credentials: () => ({ ...anna, password: `wrong ${(asked += 1) % 3}` }),
    });
    for (let times = 0; times < 59; times += 1) {
      await failureOf(source.getToken());
      await clock.advance(1_000);
    }
    expect(acme.calls.map(({ password }) => password)).toEqual(['wrong 1', 'wrong 2', 'wrong 0']);
  });

  it('T5: and go to and fro are no way around the floor', async () => {
    let asked = 0;
    const { clock, acme, source } = managed({
      answer: (call) => call.fail('upstream_unavailable'),
      credentials: () => ((asked += 1) % 2 ? anna : bert),
    });
    for (let times = 0; times < 200; times += 1) {
      source.getToken().catch(() => {});
      await clock.advance(50);
    }
    for (const { email } of [anna, bert]) {
      const moments = acme.calls.filter((call) => call.email === email).map(({ at }) => at);
      expectFloor(moments, 1_000);
    }
  });

  it('T6: and are wrong as well are held for the first time', async () => {
    let password = 'wrong 1';
    const { source, eventsOf } = managed({ answer: isRight, credentials: () => ({ ...anna, password }) });
    await failureOf(source.getToken());
    password = 'wrong 2';
    await failureOf(source.getToken());
    expect(eventsOf('hold').map(({ holdMs }) => holdMs)).toEqual([minute, minute]);
  });

  it('T6: in what works once only have not', async () => {
    let code = 1;
    const { clock, acme, source } = managed({
      answer: (call) => (call.code === '7' ? call.give() : call.fail('second_factor_invalid')),
      credentials: () => ({ ...anna, code: String((code += 1)) }),
    });
    for (let times = 0; times < 10; times += 1) {
      expect((await failureOf(source.getToken())).code).toBe('second_factor_invalid');
      await clock.advance(100);
    }
    expect(acme.calls).toHaveLength(1);
    await clock.advance(minute);
    await failureOf(source.getToken());
    // What is sent after the hold is the code of that moment.
    expect(acme.calls.map((call) => call.code)).toEqual(['2', '12']);
  });

  it('T6: refreshCredentials forgets the refusal, and what it had doubled to', async () => {
    const { clock, acme, source, eventsOf } = managed({ answer: refuses('invalid_credentials') });
    for (let times = 0; times < 2; times += 1) {
      await failureOf(source.getToken());
      await clock.advance(minute);
    }
    source.refreshCredentials();
    await failureOf(source.getToken());
    expect(acme.calls).toHaveLength(3);
    expect(eventsOf('hold').map(({ holdMs }) => holdMs! / minute)).toEqual([1, 2, 1]);
  });

  it('T6: refreshCredentials forgets the refusal for late 401s as well', async () => {
    let credentials: TestCredentials = anna;
    const { clock, acme, source } = managed({ credentials: () => credentials });
    const token = await source.getToken();
    acme.settings.answer = isRight;
    await clock.advance(1_000);
    await failureOf(source.getToken({ rejected: token }));
    credentials = { ...anna, password: 'right' };
    source.refreshCredentials();
    expect((await source.getToken({ rejected: token })).value).toBe('acme-access-2');
  });
});

describe('tokens that are refused at once', () => {
  /** Takes a token and has it refused, `times` times; the last is what the last refusal gave. */
  async function refusedAtOnce({ clock, source }: ReturnType<typeof managed>, times: number) {
    let token: Token = await source.getToken();
    for (let time = 1; time < times; time += 1) {
      await clock.advance(5_000);
      token = await source.getToken({ rejected: token });
    }
    await clock.advance(5_000);
    return failureOf(source.getToken({ rejected: token }));
  }

  it('T6: cost two logins, and then token_rejected for the hold', async () => {
    const set = managed();
    expect(await refusedAtOnce(set, 2)).toMatchObject({ code: 'token_rejected', actor: 'service' });
    const { clock, acme, source, eventsOf } = set;
    expect(acme.calls).toHaveLength(2);
    await clock.advance(59_999);
    expect((await failureOf(source.getToken())).code).toBe('token_rejected');
    expect(acme.calls).toHaveLength(2);
    await clock.advance(1);
    const third = await source.getToken();
    expect(acme.calls).toHaveLength(3);
    await failureOf(source.getToken({ rejected: third }));
    expect(acme.calls).toHaveLength(3);
    expect(eventsOf('hold').map(({ code, holdMs }) => [code, holdMs])).toEqual([
      ['token_rejected', minute],
      ['token_rejected', 2 * minute],
    ]);
  });

  it('T6: are held for the first time again, once one was taken', async () => {
    const set = managed();
    const { clock, source, eventsOf } = set;
    await refusedAtOnce(set, 2);
    await clock.advance(minute);
    source.accepted(await source.getToken());
    await clock.advance(5_000);
    await source.getToken({ rejected: source.peek()! });
    await refusedAtOnce(set, 2);
    expect(eventsOf('hold').map(({ holdMs }) => holdMs)).toEqual([minute, minute]);
  });

  it('T6: do not count from before one that was taken and that ended by itself', async () => {
    const { clock, acme, source, eventsOf } = managed({ lifetimeMs: 20_000 });
    const second = await source.getToken({ rejected: await source.getToken() });
    source.accepted(second);
    await clock.advance(20_000);
    const third = await source.getToken();
    await clock.advance(2_000);
    expect((await source.getToken({ rejected: third })).value).toBe('acme-access-4');
    expect(acme.calls).toHaveLength(4);
    expect(eventsOf('hold')).toEqual([]);
  });

  it('T6: do not count once one was taken', async () => {
    const { clock, acme, source, eventsOf } = managed();
    let token: Token = await source.getToken();
    for (let times = 0; times < 10; times += 1) {
      source.accepted(token);
      await clock.advance(5_000);
      token = await source.getToken({ rejected: token });
    }
    expect(acme.calls).toHaveLength(11);
    expect(eventsOf('hold')).toEqual([]);
  });

  it('T6: that some other token was taken does not help', async () => {
    const { clock, acme, source } = managed();
    const first = await source.getToken();
    await clock.advance(5_000);
    const next = await source.getToken({ rejected: first });
    source.accepted(first);
    await clock.advance(5_000);
    expect((await failureOf(source.getToken({ rejected: next }))).code).toBe('token_rejected');
    expect(acme.calls).toHaveLength(2);
  });

  it('T6: a token that was good for longer than the hold was not refused at once', async () => {
    const { clock, acme, source } = managed();
    let token: Token = await source.getToken();
    for (let times = 0; times < 5; times += 1) {
      await clock.advance(minute);
      token = await source.getToken({ rejected: token });
    }
    expect(acme.calls).toHaveLength(6);
  });

  it('T6: refreshCredentials lifts the hold', async () => {
    const set = managed();
    await refusedAtOnce(set, 2);
    set.source.refreshCredentials();
    expect((await set.source.getToken()).value).toBe('acme-access-3');
  });
});

describe('a refresh token that is refused', () => {
  it('T6: is not sent again, however long the login is held', async () => {
    const { clock, acme, source } = managed({ renewable: true });
    const token = await source.getToken();
    source.accepted(token);
    acme.settings.answer = (call) =>
      call.fail(call.kind === 'renewal' ? 'token_rejected' : 'invalid_credentials');
    for (let times = 0; times < 50; times += 1) {
      expect((await failureOf(source.getToken({ rejected: token }))).code).toBe('invalid_credentials');
      await clock.advance(second);
    }
    expect(acme.signIns).toHaveLength(2);
    expect(acme.renewals).toHaveLength(1);
  });

  it.each<[ErrorCode, number | undefined]>([
    ['token_rejected', undefined],
    ['invalid_credentials', 401],
    ['upstream_error', 400],
    ['account_disabled', 403],
  ])('signs in instead: %s (%s)', async (code, status) => {
    const { acme, source, eventsOf } = managed({ renewable: true });
    const token = await source.getToken();
    acme.settings.answer = (call) =>
      call.kind === 'renewal' ? refuses(code, status === undefined ? {} : { status })(call) : call.give();
    expect((await source.getToken({ rejected: token })).value).toBe('acme-access-2');
    expect(acme.calls.map(({ kind }) => kind)).toEqual(['sign-in', 'renewal', 'sign-in']);
    expect(eventsOf('hold')).toEqual([]);
  });

  it.each<ErrorCode>(['upstream_unavailable', 'timeout', 'rate_limited'])(
    'does not sign in where the renewal has failed: %s',
    async (code) => {
      const { acme, source } = managed({ renewable: true });
      const token = await source.getToken();
      acme.settings.answer = refuses(code);
      expect((await failureOf(source.getToken({ rejected: token }))).code).toBe(code);
      expect(acme.signIns).toHaveLength(1);
      expect(acme.renewals).toHaveLength(1);
    },
  );
});
