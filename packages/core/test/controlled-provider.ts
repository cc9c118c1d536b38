import { z } from 'zod';
import {
  createGrant,
  createUpstream,
  credentialText,
  defineProvider,
  LatchkeyError,
  type CallOptions,
  type ErrorCode,
  type Grant,
  type Provider,
} from '../src/index.js';
import type { VirtualClock } from '../src/testing/index.js';

export interface TestCredentials {
  readonly email: string;
  readonly password: string;
  /** Works once. */
  readonly code?: string | undefined;
}

export interface TestAccount {
  readonly email: string;
}

/** What a provider can give; the rest is told by its settings at that moment. */
export interface Given {
  readonly accessToken?: string;
  readonly lifetimeMs?: number | undefined;
}

/** A sign-in or a renewal that has reached the provider, and that the test answers. */
export interface ProviderCall {
  readonly kind: 'sign-in' | 'renewal';
  /** When it came, by the monotonic clock. */
  readonly at: number;
  /** What was signed in with; of a renewal, whose token it was. */
  readonly email: string;
  readonly password?: string;
  readonly code?: string | undefined;
  /** The refresh token that was sent. */
  readonly refreshToken?: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** The access token that it gave. */
  readonly gave: string | undefined;
  /** Whether it waits for an answer. */
  readonly isOpen: boolean;
  give(given?: Given): void;
  fail(error: ErrorCode | Error): void;
}

export interface Settings {
  /** Of access tokens; `undefined` where the provider does not say. Default: one hour. */
  lifetimeMs?: number | undefined;
  /** Whether grants have refresh tokens. Default: false. */
  renewable?: boolean;
  /** Whether a renewal gives another refresh token. Default: true. */
  rotates?: boolean;
  /** Whether a sign-in goes on after its signal was aborted. Default: false. */
  ignoresSignal?: boolean;
  /** Answers each call as it comes; without it calls wait for the test. */
  answer?: ((call: ProviderCall) => void) | undefined;
}

export interface ControlledProvider {
  readonly provider: Provider<string, TestCredentials, TestAccount>;
  /** May be changed at any time. */
  readonly settings: Settings;
  /** All of them, in their order. */
  readonly calls: readonly ProviderCall[];
  readonly signIns: readonly ProviderCall[];
  readonly renewals: readonly ProviderCall[];
  readonly open: readonly ProviderCall[];
  /** The call that waits for an answer; there must be just one. */
  readonly pending: ProviderCall;
}

const testCredentials = z.strictObject({
  email: credentialText(64),
  password: credentialText(64),
  code: credentialText(64).optional(),
});

export const anna: TestCredentials = { email: 'anna@example.com', password: 'correct-horse-1' };
export const bert: TestCredentials = { email: 'bert@example.com', password: 'battery-staple-2' };

/** A provider that does nothing by itself: the test answers each of its calls. Nothing connects to it. */
export function controlledProvider(
  options: Settings & {
    readonly clock: VirtualClock;
    readonly name?: string;
    /** What the audience has after the origin. */
    readonly account?: string;
    /** Default: that of `TestCredentials`. */
    readonly schema?: z.ZodType<TestCredentials>;
    /** Default: the code. */
    readonly oneTime?: readonly string[];
  },
): ControlledProvider {
  const {
    clock,
    name = 'acme',
    account,
    schema = testCredentials,
    oneTime = ['code'],
    ...settings
  } = options;
  const calls: ProviderCall[] = [];
  let given = 0;

  const origin = 'http://localhost:9';
  const provider = defineProvider<string, TestCredentials, TestAccount>({
    name,
    upstream: createUpstream({ name, origin, clock }),
    audience: account === undefined ? origin : `${origin}/${account}`,
    oneTime,
    credentials: schema,
    signIn: (credentials, callOptions) => called({ kind: 'sign-in', ...credentials }, callOptions),
    async renew({ account, refreshToken }, callOptions) {
      return called({ kind: 'renewal', email: account!.email, refreshToken }, callOptions);
    },
    identify: ({ email }) => ({ provider: name, subject: email, email }),
  });

  return {
    provider,
    settings,
    calls,
    get signIns() {
      return calls.filter(({ kind }) => kind === 'sign-in');
    },
    get renewals() {
      return calls.filter(({ kind }) => kind === 'renewal');
    },
    get open() {
      return calls.filter(({ isOpen }) => isOpen);
    },
    get pending() {
      const [call, ...more] = calls.filter(({ isOpen }) => isOpen);
      if (!call || more.length > 0)
        throw new Error(`one call should wait, not ${more.length + (call ? 1 : 0)}`);
      return call;
    },
  };

  function called(
    asked: Pick<ProviderCall, 'kind' | 'email' | 'password' | 'code' | 'refreshToken'>,
    { signal }: CallOptions = {},
  ): Promise<Grant<TestAccount>> {
    const issuedAt = clock.now();
    return new Promise((resolve, reject) => {
      let isOpen = true;
      let gave: string | undefined;
      const close = () => {
        isOpen = false;
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        if (settings.ignoresSignal) return;
        close();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort);
      const call: ProviderCall = {
        ...asked,
        at: clock.monotonic(),
        signal,
        get isOpen() {
          return isOpen;
        },
        get gave() {
          return gave;
        },
        give(fields = {}) {
          if (!isOpen) return;
          close();
          given += 1;
          const { lifetimeMs } = { lifetimeMs: 3_600_000, ...settings, ...fields };
          const kept = settings.rotates === false ? asked.refreshToken : undefined;
          gave = fields.accessToken ?? `${name}-access-${given}`;
          resolve(
            createGrant({
              provider: name,
              accessToken: gave,
              refreshToken: settings.renewable ? (kept ?? `${name}-refresh-${given}`) : undefined,
              issuedAt,
              expiresAt: lifetimeMs === undefined ? undefined : issuedAt + lifetimeMs,
              account: { email: asked.email },
            }),
          );
        },
        fail(error) {
          if (!isOpen) return;
          close();
          reject(typeof error === 'string' ? new LatchkeyError(error, { provider: name }) : error);
        },
      };
      calls.push(call);
      if (signal?.aborted) onAbort();
      settings.answer?.(call);
    });
  }
}

/** Answers each call with a token at once. */
export const gives = (call: ProviderCall): void => call.give();
