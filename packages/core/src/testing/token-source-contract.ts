import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isLatchkeyError, type LatchkeyError } from '../latchkey-error.js';
import { createToken, isBearerValue } from '../token.js';
import type { TokenSource } from '../token-source.js';
import type { TestFunction } from './provider-contract.js';

/** A token source to be tested, made anew for each test. */
export interface TokenSourceSetup {
  readonly source: TokenSource & { close?(): Promise<void> };
  /** What it has cost so far to get tokens, such as logins. Leave out where tokens cost nothing. */
  cost?(): number;
  /** From now on no token can be had: the other side is down. Leave out where there is no other side. */
  failFromNowOn?(): void;
  /** Takes down what was set up, after the source was closed. */
  stop?(): Promise<void>;
}

/**
 * What every token source must do, as tests.
 *
 * ```js
 * import { test } from 'node:test';
 * tokenSourceContract(test, async () => ({ source: tokenSource(provider, credentials) }), { renews: true });
 * ```
 *
 * @param test the runner's own function.
 * @param setup makes the source, anew for each test.
 * @param options.renews whether it has another token to give when one was refused. Default: false.
 */
export function tokenSourceContract(
  test: TestFunction,
  setup: () => Promise<TokenSourceSetup>,
  { renews = false }: { readonly renews?: boolean } = {},
): void {
  const check = (name: string, body: (given: TokenSourceSetup) => Promise<void>) =>
    test(`token source contract: ${name}`, async () => {
      const given = await setup();
      try {
        await body(given);
      } finally {
        await given.source.close?.();
        await given.stop?.();
      }
    });

  check('its origin is an origin, and that of its upstream', async ({ source }) => {
    assert.equal(new URL(source.origin).origin, source.origin);
    if (source.upstream) assert.equal(source.upstream.origin, source.origin);
  });

  check('a token can be sent, and does not show', async ({ source }) => {
    const token = await source.getToken();
    assert.ok(isBearerValue(token.value));
    if (token.expiresAt !== undefined) assert.ok(Number.isFinite(token.expiresAt));
    const shown = [
      JSON.stringify([token, { ...token }, source]),
      inspect([token, source], { showHidden: true, getters: true, depth: null }),
    ].join('\n');
    assert.ok(!shown.includes(token.value), 'the token shows');
  });

  check('T1: a thousand callers at once get one token, for the cost of one', async ({ source, cost }) => {
    const tokens = await Promise.all(Array.from({ length: 1_000 }, () => source.getToken()));
    assert.equal(new Set(tokens.map(({ value }) => value)).size, 1);
    const once = cost?.();
    assert.equal((await source.getToken()).value, tokens[0]!.value);
    assert.equal(cost?.(), once);
    if (once !== undefined) assert.equal(once, 1);
  });

  check(
    'T3: a signal that is aborted rejects with its reason, and costs nothing',
    async ({ source, cost }) => {
      const reason = new Error('no longer wanted');
      await assert.rejects(
        source.getToken({ signal: AbortSignal.abort(reason) }),
        (error) => error === reason,
      );
      assert.ok((cost?.() ?? 0) === 0);
    },
  );

  check('T3: who leaves takes nobody along', async ({ source }) => {
    const reason = new Error('changed my mind');
    const leaving = new AbortController();
    const outcomes = Promise.allSettled([
      source.getToken({ signal: leaving.signal }),
      source.getToken(),
      source.getToken({ signal: new AbortController().signal }),
    ]);
    leaving.abort(reason);
    const [left, ...stayed] = await outcomes;
    // A source that has its token at hand may have answered before.
    if (left.status === 'rejected') assert.equal(left.reason, reason);
    for (const one of stayed) assert.equal(one.status, 'fulfilled');
  });

  check('what peek gives is what getToken gives', async ({ source, cost }) => {
    const before = source.peek?.();
    assert.ok((cost?.() ?? 0) === 0, 'to peek costs nothing');
    const token = await source.getToken();
    if (before) assert.equal(before.value, token.value);
    const after = source.peek?.();
    if (after) assert.equal(after.value, token.value);
  });

  check('to be told that a token was accepted changes nothing', async ({ source, cost }) => {
    const token = await source.getToken();
    const once = cost?.();
    source.accepted?.(token);
    source.accepted?.(createToken('another-token'));
    assert.equal((await source.getToken()).value, token.value);
    assert.equal(cost?.(), once);
  });

  check('T2: a token that was refused is not given again', async ({ source, cost }) => {
    const rejected = await source.getToken();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => source.getToken({ rejected })),
    );
    // Who comes late, or with a copy of the token, is told the same.
    outcomes.push(
      ...(await Promise.allSettled([source.getToken({ rejected: createToken(rejected.value) })])),
    );
    for (const outcome of outcomes) {
      if (renews) assert.equal(outcome.status, 'fulfilled');
      else assert.ok(outcome.status === 'rejected' && isLatchkeyError(outcome.reason, 'token_rejected'));
      if (outcome.status === 'fulfilled') assert.notEqual(outcome.value.value, rejected.value);
    }
    if (renews) {
      if (cost) assert.equal(cost(), 2, 'one renewal for all of them');
      assert.notEqual((await source.getToken()).value, rejected.value);
    }
  });

  check('T2: to refuse a token that it does not give changes nothing', async ({ source, cost }) => {
    const token = await source.getToken();
    const once = cost?.();
    const other = await source.getToken({ rejected: createToken('another-token') });
    assert.equal(other.value, token.value);
    assert.equal(cost?.(), once);
  });

  check('F4: arguments that are none are refused, or left alone', async ({ source }) => {
    const { value } = await source.getToken();
    const getToken = source.getToken.bind(source) as (options: unknown) => Promise<unknown>;
    assert.equal(((await getToken(null)) as { value: string }).value, value);
    for (const wrong of [{ rejected: value }, { rejected: {} }, { rejected: null, signal: 1 }]) {
      await assert.rejects(getToken(wrong), (error) => isLatchkeyError(error, 'invalid_input'));
    }
  });

  check('a failure is an error of ours, for all who wait', async ({ source, failFromNowOn, cost }) => {
    if (!failFromNowOn) return;
    failFromNowOn();
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => source.getToken()));
    const errors = outcomes.map((one) => (one.status === 'rejected' ? (one.reason as LatchkeyError) : one));
    assert.ok(
      errors.every((error) => isLatchkeyError(error)),
      inspect(errors[0]),
    );
    if (cost) assert.equal(cost(), 1, 'one try for all of them');
    if (source.actor) assert.equal(errors[0]!.actor, source.actor);
  });

  check('T13: after close there are no tokens', async ({ source }) => {
    if (!source.close) return;
    await source.getToken();
    await Promise.all([source.close(), source.close()]);
    assert.equal(source.peek?.(), undefined);
    await assert.rejects(source.getToken(), (error) => isLatchkeyError(error, 'closed'));
  });

  check('T13: close ends what is waited for', async ({ source }) => {
    if (!source.close) return;
    const waiting = assert.rejects(source.getToken(), (error) => isLatchkeyError(error, 'closed'));
    await source.close();
    await waiting;
  });
}
