import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type * as undici7 from 'undici';
import { type Dispatcher } from 'undici';
import { onTestFinished } from 'vitest';
import { createToken, type GetTokenOptions, type Token, type TokenSource } from '../src/index.js';
import type { LoopbackServer } from './loopback.js';

export type Undici = typeof undici7;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** Why undici 8 is left out, if it is. */
export const leftOut =
  major > 22 || (major === 22 && minor >= 19)
    ? undefined
    : `!!! authorize() is NOT TESTED with undici 8: it needs Node 22.19, and this is ${process.version}.`;

/** The undicis that the interceptor is for: that of this package, and 8 where it runs. */
export const undicis: readonly (readonly [name: string, undici: Undici])[] = [
  ['undici 7', await import('undici')],
  ...(leftOut ? [] : ([['undici 8', (await import('undici-8')) as unknown as Undici]] as const)),
];

/** An agent of this undici with these interceptors, the first innermost. It is closed with the test. */
export function agentOf(
  { Agent }: Undici,
  interceptors: readonly Dispatcher.DispatcherComposeInterceptor[],
  options: undici7.Agent.Options = {},
): Dispatcher {
  const agent = new Agent(options);
  onTestFinished(() => agent.destroy());
  return agent.compose(...interceptors);
}

/** Makes `dispatcher` that of the global `fetch` until the test ends. */
export function makeGlobal(
  { getGlobalDispatcher, setGlobalDispatcher }: Undici,
  dispatcher: Dispatcher,
): void {
  const before = getGlobalDispatcher();
  setGlobalDispatcher(dispatcher);
  onTestFinished(() => setGlobalDispatcher(before));
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One way of undici to send a request. */
export type Send = (
  dispatcher: Dispatcher,
  url: string,
  options?: { method?: string; body?: unknown; headers?: unknown; signal?: AbortSignal },
) => Promise<Answer>;

/** Every way of an undici to send a request that the interceptor sees. */
export function waysToSend(undici: Undici): Record<string, Send> {
  const parts = (url: string, { method = 'GET', ...rest }: Parameters<Send>[2] = {}) =>
    // A relative part is the part of a URL that these methods take apart.
    ({
      origin: new URL(url).origin,
      path: new URL(url).pathname,
      method,
      ...rest,
    }) as Dispatcher.RequestOptions;
  return {
    request: async (dispatcher, url, options) => {
      const { statusCode, body } = await dispatcher.request(parts(url, options));
      return { status: statusCode, body: await body.text() };
    },
    stream: async (dispatcher, url, options) => {
      let status = 0;
      const chunks: Buffer[] = [];
      await dispatcher.stream(parts(url, options), ({ statusCode }) => {
        status = statusCode;
        return new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            chunks.push(chunk);
            done();
          },
        });
      });
      return { status, body: Buffer.concat(chunks).toString() };
    },
    pipeline: async (dispatcher, url, { body, ...options } = {}) => {
      let status = 0;
      const duplex = dispatcher.pipeline(parts(url, options), ({ statusCode, body: answer }) => {
        status = statusCode;
        return answer;
      });
      duplex.end(body);
      return { body: await text(duplex), status };
    },
    'its fetch': async (dispatcher, url, options) => {
      const response = await undici.fetch(url, { ...options, dispatcher } as undici7.RequestInit);
      return { status: response.status, body: await response.text() };
    },
    'the global fetch': async (dispatcher, url, options) => {
      makeGlobal(undici, dispatcher);
      const response = await fetch(url, options as RequestInit);
      return { status: response.status, body: await response.text() };
    },
  };
}

/** A source as the managed one is: it has a token at hand, or has to wait for one, and gives the next when one is refused. */
export class FakeSource implements TokenSource {
  readonly asked: GetTokenOptions[] = [];
  readonly taken: string[] = [];
  logins = 0;
  /** What the next logins wait for, and whether they fail. */
  login: () => Promise<unknown> = async () => undefined;
  #token: Token | undefined;
  #flight: Promise<Token> | undefined;

  /** With `atHand`, it has signed in already: its token is `token-1`. */
  constructor(
    readonly origin: string,
    { atHand = true } = {},
  ) {
    if (atHand) this.#token = createToken(`token-${++this.logins}`);
  }

  peek(): Token | undefined {
    return this.#token;
  }

  async getToken(options: GetTokenOptions = {}): Promise<Token> {
    this.asked.push(options);
    options.signal?.throwIfAborted();
    if (this.#token && options.rejected?.value !== this.#token.value) return this.#token;
    this.#token = undefined;
    this.#flight ??= this.#signIn();
    return this.#flight;
  }

  accepted({ value }: Token): void {
    this.taken.push(value);
  }

  async #signIn(): Promise<Token> {
    try {
      await this.login();
      return (this.#token = createToken(`token-${++this.logins}`));
    } finally {
      this.#flight = undefined;
    }
  }
}

/** The `Authorization` headers that a server got, in order. */
export function authorizations({ requests }: LoopbackServer): (string | undefined)[] {
  return requests.map(({ headers }) => headers.authorization);
}

/** A promise that the test settles. */
export function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let settle!: { resolve: (value: T) => void; reject: (error: unknown) => void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}
