import { onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import {
  createUpstream,
  systemClock,
  type Clock,
  type Upstream,
  type UpstreamOptions,
  type UpstreamRequest,
} from '../src/index.js';
import type { VirtualClock } from '../src/testing/index.js';

/** The clock of this machine, on which a back-off takes no time. */
export const hastyClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 1_000 ? 0 : ms, signal),
};

/** An upstream that is closed with the test. */
export function upstreamAt(origin: string, options: Partial<UpstreamOptions> = {}): Upstream {
  const upstream = createUpstream({ name: 'acme', origin, ...options });
  onTestFinished(() => upstream.close());
  return upstream;
}

/** Any JSON from `/`, asked for with GET. */
export function anything(request: Partial<UpstreamRequest<unknown>> = {}): UpstreamRequest<unknown> {
  return { path: '/', schema: z.unknown(), ...request };
}

/** A login, which is a POST. */
export function login(request: Partial<UpstreamRequest<unknown>> = {}): UpstreamRequest<unknown> {
  return anything({ method: 'POST', path: '/login', body: { email: 'a@example.com' }, ...request });
}

/** Waits, in real time and within `timeout` milliseconds, for something that the other side does. */
export async function until(condition: () => boolean, timeout = 5_000): Promise<void> {
  await vi.waitUntil(condition, { interval: 2, timeout });
}

/** Settles as `call` does, with every back-off on the way cut short; of the call's own sleepers one is its deadline. */
export async function withoutBackOff<T>(clock: VirtualClock, call: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const settle = () => settled.abort();
  call.then(settle, settle);
  while (!settled.signal.aborted) {
    await until(() => settled.signal.aborted || clock.sleepers > 1);
    if (clock.sleepers > 1) await clock.advance(400);
  }
  return call;
}
