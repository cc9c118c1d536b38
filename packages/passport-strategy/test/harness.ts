import type { StrategyRequest } from '../src/index.js';

/** What a strategy did with a request. */
export interface Done {
  readonly action: 'success' | 'fail' | 'error' | 'pass' | 'redirect';
  readonly args: readonly unknown[];
}

interface AnyStrategy {
  authenticate(request: never, options?: never): void;
}

/** A request that is only as much of one as it must be. */
export type PartialRequest = Partial<StrategyRequest> & { readonly res?: unknown };

/**
 * Has `strategy` judge a request in the manner of Passport, on a copy that has the actions. Waits a little for a second
 * action, which it rejects.
 */
export async function performed(
  strategy: AnyStrategy,
  request: PartialRequest,
  options?: object,
): Promise<Done> {
  const all: Done[] = [];
  const first = new Promise<void>((resolve, reject) => {
    const record =
      (action: Done['action']) =>
      (...args: unknown[]) => {
        all.push({ action, args });
        resolve();
      };
    const copy = Object.create(strategy) as AnyStrategy & Record<Done['action'], unknown>;
    for (const action of ['success', 'fail', 'error', 'pass', 'redirect'] as const) {
      copy[action] = record(action);
    }
    try {
      copy.authenticate({ headers: {}, method: 'POST', ...request } as never, options as never);
    } catch (error) {
      reject(error);
    }
  });
  await first;
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const [done, ...more] = all;
  if (!done || more.length > 0) {
    throw new Error(`Several actions: ${all.map(({ action }) => action).join(', ')}`);
  }
  return done;
}

/** The body of a sign-in by the user whom `fakeProvider` knows. */
export const credentials = { email: 'user@example.com', password: 'correct horse' };
