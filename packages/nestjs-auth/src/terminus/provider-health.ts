import { isLatchkeyError, LatchkeyError, type ErrorCode, type Provider } from '@latchkey/core';
import { z } from 'zod';

/** Whether a provider answers; and if not, or if it was not asked, why. */
export interface Health {
  readonly status: 'up' | 'down';
  readonly code?: ErrorCode | undefined;
}

/** Knows of one provider whether it answers. */
export interface ProviderHealth {
  /**
   * Whether the provider answered within `timeoutMs` of being asked, which was at most `cacheMs` ago. All who ask share one
   * request, each with a time of its own: who comes when that time has passed is told at once. Never rejects.
   */
  check(limits: { readonly timeoutMs: number; readonly cacheMs: number }): Promise<Health>;
  /** Ends what is under way. From then on the provider is down with `closed`. */
  close(): void;
}

interface Probe {
  readonly startedAt: number;
  readonly ended: Promise<Ended>;
  result?: Ended;
  /** Those who still wait for it. */
  waiting: number;
  readonly stop: AbortController;
}

interface Ended extends Health {
  readonly tookMs: number;
}

/** Looks after the health of one provider, by the clock of its HTTP side. */
export function providerHealth({ upstream }: Pick<Provider, 'upstream'>): ProviderHealth {
  const { clock } = upstream;
  let last: Probe | undefined;
  let isClosed = false;

  return {
    async check({ timeoutMs, cacheMs }) {
      if (isClosed) return down('closed');
      if (!last || (last.result && clock.monotonic() - last.startedAt >= cacheMs)) last = start();
      const { status, code, tookMs } = last.result ?? (await withinTime(last, timeoutMs));
      return tookMs > timeoutMs ? down('timeout') : { status, code };
    },
    close() {
      isClosed = true;
      last?.stop.abort(new LatchkeyError('closed'));
    },
  };

  function start(): Probe {
    const startedAt = clock.monotonic();
    const stop = new AbortController();
    const ended = ask(stop.signal).then((health) => {
      probe.result = { ...health, tookMs: clock.monotonic() - startedAt };
      return probe.result;
    });
    const probe: Probe = { startedAt, stop, ended, waiting: 0 };
    return probe;
  }

  /** No credentials are sent, and of the answer only its being one counts. */
  async function ask(signal: AbortSignal): Promise<Health> {
    try {
      await upstream.json({ method: 'HEAD', path: '/', schema: z.unknown(), signal });
      return up;
    } catch (error) {
      if (!isLatchkeyError(error)) return down('internal_error');
      if (error.status !== undefined && error.status < 500) return up;
      // Not sent, to keep to the provider's limit: it says nothing against the provider, and to be taken out of service for
      // being busy would make matters worse.
      if (error.status === undefined && error.code === 'rate_limited') return { ...up, code: error.code };
      return down(error.code);
    }
  }

  async function withinTime(probe: Probe, timeoutMs: number): Promise<Ended> {
    const leftMs = probe.startedAt + timeoutMs - clock.monotonic();
    const late: Ended = { ...down('timeout'), tookMs: timeoutMs };
    const over = new AbortController();
    const tooLate = clock.sleep(leftMs, over.signal).then(
      () => late,
      () => late,
    );
    probe.waiting += 1;
    try {
      return await Promise.race([probe.ended, tooLate]);
    } finally {
      over.abort();
      probe.waiting -= 1;
      // A request that nobody waits for would only keep the next one from being sent.
      if (probe.waiting === 0) probe.stop.abort(new LatchkeyError('timeout'));
    }
  }
}

const up: Health = { status: 'up' };

function down(code: ErrorCode): Health {
  return { status: 'down', code };
}
