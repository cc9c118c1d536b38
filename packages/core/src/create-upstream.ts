import { Agent } from 'undici';
import { createAbortHub } from './abort-hub.js';
import { checkedOptions } from './checked.js';
import { startDeadline, type Deadline } from './deadline.js';
import { exchange, type ExchangeLimits, type WireRequest } from './exchange.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import { outcomeReader } from './outcome-reader.js';
import { createPace } from './pace.js';
import { requestUrl } from './request-url.js';
import { resendDelayMs } from './resend.js';
import { safeCause, textsIn } from './safe-cause.js';
import { bearerValueRule, isBearerValue, type Token } from './token.js';
import type { GetTokenOptions, TokenSource } from './token-source.js';
import type { Upstream, UpstreamOptions, UpstreamRequest } from './upstream.js';
import { upstreamOptions } from './upstream-options.js';

/**
 * Makes the HTTP side of a provider: one deadline over each call, a size limit, no redirects, JSON or a clear error, and
 * no secret in any of it.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { name, timeoutMs, maxResponseBytes, userAgent, clock, ...checked } = checkedOptions(
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
  const pace = checked.pace ? createPace(name, checked.pace, clock) : undefined;
  const closing = new AbortController();
  const hub = createAbortHub();

  return Object.freeze({
    name,
    origin,

    async json<T>(request: UpstreamRequest<T>): Promise<T> {
      const wire = wireRequest(request);
      const deadline = startDeadline({
        clock,
        timeoutMs,
        signals: [closing.signal, request.signal],
        hub,
        onTimeout: () => failure('timeout', `${name} did not answer within ${timeoutMs} ms.`),
      });
      try {
        deadline.signal.throwIfAborted();
        return await (request.source
          ? answerWithRenewal(request, request.source, wire, deadline)
          : answer(request, wire, tokenValue(request.token), deadline));
      } finally {
        deadline.stop();
      }
    },

    async close() {
      closing.abort(failure('closed'));
      await ownAgent.destroy();
    },
  });

  async function answerWithRenewal<T>(
    request: UpstreamRequest<T>,
    source: TokenSource,
    wire: WireRequest,
    deadline: Deadline,
  ): Promise<T> {
    const { signal } = deadline;
    const token = await tokenFrom(source, { signal }, deadline);
    try {
      return await answer(request, wire, token.value, deadline);
    } catch (error) {
      if (!isLatchkeyError(error, 'token_rejected')) throw error;
      const renewed = await tokenFrom(source, { signal, rejected: token }, deadline).catch(
        (failed: unknown) => {
          // A source with nothing else to give knows less of the refusal than the answer that told it.
          throw isLatchkeyError(failed, 'token_rejected') && failed.actor === undefined ? error : failed;
        },
      );
      return await answer(request, wire, renewed.value, deadline);
    }
  }

  /** A token of the source. Errors of a source that are not ours become `internal_error`. */
  async function tokenFrom(
    source: TokenSource,
    options: GetTokenOptions,
    deadline: Deadline,
  ): Promise<Token> {
    try {
      const token = await deadline.bound(source.getToken(options));
      if (typeof (token as Partial<Token> | undefined)?.value === 'string') return token;
      throw new TypeError('It gave no token.');
    } catch (error) {
      deadline.signal.throwIfAborted();
      if (isLatchkeyError(error)) throw error;
      throw new LatchkeyError('internal_error', {
        provider: name,
        message: `The token source for ${origin} failed.`,
        cause: safeCause(error, textsIn(options.rejected?.value)),
      });
    }
  }

  /** What the provider says to a request with this token, the request being sent again where that is allowed. */
  async function answer<T>(
    request: UpstreamRequest<T>,
    wire: WireRequest,
    token: string | undefined,
    deadline: Deadline,
  ): Promise<T> {
    const signed = token === undefined ? wire : withBearer(wire, token);
    const read = outcomeReader({ name, origin, clock, request, sent: wire.body, token });
    for (let tries = 1; ; tries += 1) {
      await pace?.turn(request.purpose ?? 'call', deadline.signal);
      // Bound, since undici looks at the signal only once it has a connection for the request.
      const outcome = await deadline.bound(exchange(signed, limits, dispatcher, deadline.signal));
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
      await clock.sleep(waitMs, deadline.signal);
    }
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
    return {
      url: requestUrl({ name, origin }, path, query),
      method,
      headers: {
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : jsonText(body),
    };
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
    return { ...wire, headers: { ...wire.headers, authorization: `Bearer ${token}` } };
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
