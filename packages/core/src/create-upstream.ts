import { Agent } from 'undici';
import { createAbortHub } from './abort-hub.js';
import { allowanceIn } from './allowance.js';
import { checkedOptions } from './checked.js';
import { startDeadline, type Deadline } from './deadline.js';
import { createEmitter } from './event.js';
import { exchange, type ExchangeLimits, type Outcome, type WireRequest } from './exchange.js';
import { LatchkeyError } from './latchkey-error.js';
import { outcomeReader } from './outcome-reader.js';
import { createPace, type Allowance, type Purpose } from './pace.js';
import { acceptEncoding } from './reply-body.js';
import { requestUrl } from './request-url.js';
import { resendDelayMs } from './resend.js';
import { createSkew } from './skew.js';
import { createSlots } from './slots.js';
import { bearerValueRule, isBearerValue } from './token.js';
import type { Upstream, UpstreamOptions, UpstreamRequest } from './upstream.js';
import { upstreamOptions } from './upstream-options.js';
import { withTokenOf } from './with-token-of.js';

/**
 * Makes the HTTP side of a provider: one deadline over each call, a size limit, no redirects, JSON or a clear error, and
 * no secret in any of it.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { name, timeoutMs, maxResponseBytes, userAgent, clock, rateLimit, ...checked } = checkedOptions(
    `the upstream ${(options as Partial<UpstreamOptions> | undefined)?.name ?? 'without a name'}`,
    upstreamOptions,
    options,
  );
  const { origin } = new URL(checked.origin);
  const limits: ExchangeLimits = {
    headersTimeoutMs: checked.headersTimeoutMs ?? timeoutMs,
    bodyTimeoutMs: checked.bodyTimeoutMs ?? Math.min(5_000, timeoutMs),
    maxResponseBytes,
  };
  const ownAgent = new Agent({
    connect: { timeout: checked.connectTimeoutMs ?? Math.min(5_000, timeoutMs) },
  });
  const dispatcher = checked.dispatcher ?? ownAgent;
  const emit = createEmitter({ provider: name, clock });
  const pace = checked.pace ? createPace(name, checked.pace, clock, { origin, emit }) : undefined;
  const paceRules = { perMs: checked.pace ? checked.pace.perMs : 0, read: rateLimit };
  const skew = createSkew(clock);
  const hub = createAbortHub();
  /** The calls under way. */
  const calls = createSlots<Deadline>();
  let isClosed = false;

  return Object.freeze({
    name,
    origin,
    clock,
    skewMs: () => skew.ms,

    async json<T>(request: UpstreamRequest<T>): Promise<T> {
      const wire = wireRequest(request);
      if (isClosed) throw failure('closed');
      const deadline = startDeadline({
        clock,
        timeoutMs,
        signals: [request.signal],
        hub,
        onTimeout: () => failure('timeout', `${name} did not answer within ${timeoutMs} ms.`),
      });
      const leave = calls.add(deadline);
      try {
        deadline.throwIfEnded();
        return await (request.source
          ? withTokenOf(request.source, { name, origin }, deadline, (token) =>
              answer(request, wire, token, deadline),
            )
          : answer(request, wire, tokenValue(request.token), deadline));
      } finally {
        deadline.stop();
        leave();
      }
    },

    async close() {
      isClosed = true;
      for (const call of calls) call.end(failure('closed'));
      await ownAgent.destroy();
    },
  });

  /** What the provider says to a request with this token, the request being sent again where that is allowed. */
  async function answer<T>(
    request: UpstreamRequest<T>,
    wire: WireRequest,
    token: string | undefined,
    deadline: Deadline,
  ): Promise<T> {
    const signed = token === undefined ? wire : withBearer(wire, token);
    const read = outcomeReader({
      name,
      origin,
      now,
      rateLimit,
      request,
      sent: wire.body ?? undefined,
      token,
    });
    for (let tries = 1; ; tries += 1) {
      const outcome = await outcomeOf(signed, request.purpose ?? 'call', deadline);
      const result = read(outcome);
      if ('answer' in result) return result.answer;
      const waitMs = resendDelayMs({
        tries,
        method: wire.method,
        outcome,
        retryAfterMs: result.error.retryAfterMs,
      });
      // A wait that would outlast the deadline could only turn what is known into a timeout.
      if (waitMs === undefined || waitMs >= deadline.remainingMs()) throw result.error;
      await clock.sleep(waitMs, deadline.signal());
    }
  }

  /** What one request comes to, once its turn has come. What the answer tells of the clock and the limit is noted. */
  async function outcomeOf(signed: WireRequest, purpose: Purpose, deadline: Deadline): Promise<Outcome> {
    if (pace) await pace.turn(purpose, deadline.signal());
    const startedAt = clock.monotonic();
    let allowance: Allowance | undefined;
    try {
      const outcome = await exchange(signed, limits, dispatcher, deadline);
      if (outcome.reply) {
        skew.learn(outcome.reply.headers, startedAt);
        allowance = allowanceIn(outcome.reply, { now: now(), ...paceRules });
      }
      return outcome;
    } finally {
      pace?.answered(allowance);
    }
  }

  /** The time of day by the provider's clock. */
  function now(): number {
    return clock.now() + skew.ms;
  }

  function wireRequest({
    method = 'GET',
    path,
    query,
    body,
    token,
    source,
  }: UpstreamRequest<unknown>): WireRequest {
    if (source && token !== undefined) {
      throw failure('invalid_input', 'A request takes a token or a token source, not both.');
    }
    if (source && source.origin !== origin) {
      throw failure('invalid_config', `A token source for ${source.origin} must not be used for ${origin}.`);
    }
    const text = body === undefined ? null : jsonText(body);
    return { origin, path: pathOf(path, query), method, headers: headersOf(text !== null), body: text };
  }

  // Written out: to add to a spread object costs more than all the rest.
  function headersOf(hasBody: boolean): Record<string, string> {
    return hasBody
      ? {
          accept: 'application/json',
          'accept-encoding': acceptEncoding,
          'user-agent': userAgent,
          'content-type': 'application/json',
        }
      : { accept: 'application/json', 'accept-encoding': acceptEncoding, 'user-agent': userAgent };
  }

  function pathOf(path: string, query: UpstreamRequest<unknown>['query']): string {
    // Nothing in it that a URL could read in another way.
    if (query === undefined && plainPath.test(path)) return path;
    const { pathname, search } = requestUrl({ name, origin }, path, query);
    return `${pathname}${search}`;
  }

  function jsonText(body: unknown): string {
    try {
      return JSON.stringify(body);
    } catch {
      // A cycle, a BigInt, a nesting that is too deep. The error would tell the names of the fields on the way.
      throw failure('invalid_input', 'The body of a request must be something that JSON can hold.');
    }
  }

  function withBearer(wire: WireRequest, token: string): WireRequest {
    if (!isBearerValue(token)) throw failure('invalid_input', `The token ${bearerValueRule}.`);
    const { origin, path, method, headers, body } = wire;
    return { origin, path, method, headers: { authorization: `Bearer ${token}`, ...headers }, body };
  }

  function failure(
    code: 'timeout' | 'closed' | 'invalid_config' | 'invalid_input',
    message?: string,
  ): LatchkeyError {
    return new LatchkeyError(code, { provider: name, message });
  }
}

function tokenValue(token: UpstreamRequest<unknown>['token']): string | undefined {
  return typeof token === 'object' ? token.value : token;
}

const plainPath = /^(\/[\w-]+)+$/;
