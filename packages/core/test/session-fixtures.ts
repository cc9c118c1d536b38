import {
  createSessions,
  memoryStore,
  type LatchkeyEvent,
  type LatchkeyEventType,
  type Provider,
  type Sessions,
  type SessionsOptions,
  type Store,
} from '../src/index.js';
import { virtualClock, type VirtualClock } from '../src/testing/index.js';
import {
  anna,
  controlledProvider,
  gives,
  type ControlledProvider,
  type Settings,
  type TestAccount,
  type TestCredentials,
} from './controlled-provider.js';

export type TestProvider = Provider<string, TestCredentials, TestAccount>;
export type TestSessions = Sessions<readonly [TestProvider]>;
export type TestOptions = Partial<SessionsOptions<readonly [TestProvider]>>;

export const hour = 3_600_000;

/** Sessions of one provider, `acme`, that answers at once unless `answer` says otherwise. */
export interface SessionWorld {
  readonly clock: VirtualClock;
  readonly acme: ControlledProvider;
  readonly store: Store;
  readonly sessions: TestSessions;
  readonly events: LatchkeyEvent[];
  /** The types of all events so far. */
  told(): LatchkeyEventType[];
  /** Another process over the same store, or over what it makes of it. */
  another(options?: TestOptions): TestSessions;
  /** Signs in, and gives the id. */
  signedIn(who?: TestCredentials): Promise<string>;
}

export function sessionWorld(
  given: Settings & {
    readonly clock?: VirtualClock;
    readonly store?: Store;
    readonly options?: TestOptions;
    /** What to make of the provider. */
    readonly provider?: (provider: TestProvider) => TestProvider;
  } = {},
): SessionWorld {
  const {
    clock = virtualClock(),
    store = memoryStore({ clock }),
    options,
    provider = (same: TestProvider) => same,
    ...settings
  } = given;
  const acme = controlledProvider({ clock, answer: gives, ...settings });
  const events: LatchkeyEvent[] = [];
  const made = provider(acme.provider);
  const another = (more: TestOptions = {}): TestSessions =>
    createSessions({ providers: [made], store, onEvent: (event) => events.push(event), ...options, ...more });
  const sessions = another();
  return {
    clock,
    acme,
    store,
    sessions,
    events,
    told: () => events.map(({ type }) => type),
    another,
    signedIn: async (who = anna) => (await sessions.signIn('acme', who)).id,
  };
}

/** Lets everything run that is due now. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** How a promise stands, told without waiting for it. */
export function watched<T>(promise: Promise<T>): { readonly state: string; readonly value: T | undefined } {
  const seen: { state: string; value: T | undefined } = { state: 'pending', value: undefined };
  promise.then(
    (value) => Object.assign(seen, { state: 'resolved', value }),
    () => (seen.state = 'rejected'),
  );
  return seen;
}

/** A store that keeps every key and value that it was ever handed, and what there is of each key now. */
export function recordingStore(
  store: Store,
): Store & { readonly seen: string[]; keys(kind: string): string[] } {
  const seen: string[] = [];
  const present = new Set<string>();
  const note = (...texts: readonly (string | undefined)[]) => {
    seen.push(...texts.filter((text) => text !== undefined));
  };
  return {
    seen,
    keys: (kind) => [...present].filter((key) => key.startsWith(`${kind}:`)),
    get: (key) => (note(key), store.get(key)),
    getMany: (keys) => (note(...keys), store.getMany!(keys)),
    set(key, value, options) {
      note(key, value);
      present.add(key);
      return store.set(key, value, options);
    },
    delete(key) {
      note(key);
      present.delete(key);
      return store.delete(key);
    },
    async replace(key, expected, value, options) {
      note(key, expected, value);
      const done = await store.replace(key, expected, value, options);
      if (done) present.add(key);
      return done;
    },
    take: (key, options) => (note(key), store.take(key, options)),
    lease: (key, options) => (note(key), store.lease(key, options)),
  };
}

/** A store whose methods can be held up, or made to fail, by their name and key. */
export interface MeddledStore extends Store {
  /** Runs before the store is asked; what it throws or waits for, the caller gets. */
  before: (method: keyof Store, key: string) => Promise<void> | void;
  /** Runs when the store has done its work, before the caller is told. */
  after: (method: keyof Store, key: string) => Promise<void> | void;
}

export function meddledStore(store: Store): MeddledStore {
  const done = async <T>(method: keyof Store, key: string, work: () => Promise<T>): Promise<T> => {
    await own.before(method, key);
    const result = await work();
    await own.after(method, key);
    return result;
  };
  const own: MeddledStore = {
    before: () => {},
    after: () => {},
    get: (key) => done('get', key, () => store.get(key)),
    getMany: (keys) => done('getMany', keys.join(' '), () => store.getMany!(keys)),
    set: (key, value, options) => done('set', key, () => store.set(key, value, options)),
    delete: (key) => done('delete', key, () => store.delete(key)),
    replace: (key, expected, value, options) =>
      done('replace', key, () => store.replace(key, expected, value, options)),
    take: (key, options) => done('take', key, () => store.take(key, options)),
    lease: (key, options) => done('lease', key, () => store.lease(key, options)),
  };
  return own;
}
