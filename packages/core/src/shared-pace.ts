import type { Clock } from './clock.js';
import type { ErrorCode } from './error-code.js';
import type { Emit } from './event.js';
import { failClosedStore } from './fail-closed-store.js';
import { hashed } from './hashed.js';
import { isLatchkeyError } from './latchkey-error.js';
import type { Purpose } from './pace.js';
import type { Store } from './store.js';

/**
 * Has the pace of an upstream kept by all processes together (X7): a request goes when a store that they share has counted
 * it, for all requests to the origin, and for sign-ins and for verifying once more, by the share that those have.
 *
 * It has no timers: `admit` is to be called again when there is news, and at `dueAt`, while somebody waits. `now` is the
 * moment of the monotonic clock, the same for all calls of one round.
 */
export interface SharedPace {
  /**
   * The first call of a round: gives the store up for a while where it has not answered in time, and tells when somebody who
   * is waiting has to do without it.
   */
  checkStore(isAwaited: boolean, now: number): void;
  /** How long, by the store's last word, there is nothing for a request of this purpose after those `ahead`, in milliseconds. */
  waitMs(purpose: Purpose, ahead: readonly { readonly purpose: Purpose }[], now: number): number;
  /**
   * Which of `next` go now. They are counted, unless the store is being done without. For the others it is asked, the first
   * ones first; what it gave for somebody who is not in `next` any more is given back.
   */
  admit<T extends { readonly purpose: Purpose }>(next: readonly T[], now: number): readonly T[];
  /** When the next round is due, at the latest; `Infinity` when only news makes one worth it. */
  dueAt(now: number): number;
}

/** What may be sent in a span: in all, and of the purposes that have a share of that. */
export interface PaceLimits extends Readonly<Record<'sign-in' | 'verify', number>> {
  readonly all: number;
}

/** One limit in the store, and what this process has of it. */
interface Counter {
  readonly key: string;
  readonly limit: number;
  /** Taken, and not yet used. */
  held: number;
  /** Being asked for. */
  asked: number;
  /** Needed by those who wait, as the last round has seen it. */
  needed: number;
  /** How many are asked for at the same time, at most. */
  atOnce: number;
  /** By the store's last word there is nothing to be had until then. */
  fullUntil: number;
  /** When that is asked about again. */
  asksAgainAt: number;
}

interface Command {
  readonly counter: Counter;
  /** 1 to take one, less than 0 to give back. */
  readonly cost: number;
  readonly sentAt: number;
}

/**
 * Makes a shared pace. While the store fails it lets everybody go: then the pace of this process alone is kept. Each second
 * the store is tried again, with a request that does not wait for it.
 *
 * @param options.onNews is called when `admit` is worth another call; never from within one.
 */
export function createSharedPace(options: {
  readonly store: Store;
  readonly origin: string;
  readonly perMs: number;
  readonly limits: PaceLimits;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly onNews: () => void;
}): SharedPace {
  const { perMs, limits, clock, emit, onNews } = options;
  const store = failClosedStore(options.store);
  const name = hashed(options.origin);
  const all = emptyCounter(`pace:${name}`, limits.all);
  const signIns = emptyCounter(`pace-sign-in:${name}`, limits['sign-in']);
  const verifies = emptyCounter(`pace-verify:${name}`, limits.verify);
  const counters = [all, signIns, verifies];
  /** In the order in which they are asked for: the share first, so that what is refused one takes nothing from the others. */
  const countersOf: Readonly<Record<Purpose, readonly Counter[]>> = {
    renewal: [all],
    call: [all],
    'sign-in': [signIns, all],
    verify: [verifies, all],
  };
  /** Under way, oldest first. Those that were given up are not among them. */
  let commands: Command[] = [];
  /** The store has failed, and is not tried again until then. */
  let down: { readonly until: number; readonly code: ErrorCode; isTold: boolean } | undefined;

  return {
    checkStore(isAwaited, now) {
      if (commands.some(({ sentAt }) => sentAt + storeTimeoutMs <= now)) doWithout('store_error', now);
      if (!isAwaited || !down || down.isTold) return;
      down.isTold = true;
      emit('store-fallback', { code: down.code });
    },

    waitMs(purpose, ahead, now) {
      // What has come already is for the first who need it, whatever was said to others.
      const isUsedUp = (counter: Counter) =>
        counter.held <= ahead.filter((one) => countersOf[one.purpose].includes(counter)).length;
      const full = countersOf[purpose].filter((counter) => counter.fullUntil > now && isUsedUp(counter));
      return Math.max(0, ...full.map(({ fullUntil }) => fullUntil - now));
    },

    admit(next, now) {
      if (down) {
        // What it takes counts the first of those who go.
        if (down.until <= now && commands.length === 0 && next.length > 0) send(all, 1, now);
        return next;
      }
      const going = next.filter(({ purpose }) => isCounted(countersOf[purpose]));
      const others = going.length === 0 ? next : next.filter((one) => !going.includes(one));
      for (const counter of counters) counter.needed = 0;
      for (const { purpose } of others.slice(0, all.atOnce)) ask(countersOf[purpose], now);
      for (const counter of counters) giveBackSurplus(counter, now);
      return going;
    },

    dueAt(now) {
      const [oldest] = commands;
      const again = counters.map(({ asksAgainAt }) => asksAgainAt).filter((at) => at > now);
      return Math.min(!down && oldest ? oldest.sentAt + storeTimeoutMs : Infinity, ...again);
    },
  };

  /** Uses up one of each, if there is one of each. */
  function isCounted(needed: readonly Counter[]): boolean {
    if (needed.some(({ held }) => held === 0)) return false;
    for (const counter of needed) counter.held -= 1;
    return true;
  }

  /** Asks for the first of `wanted` that is missing; for the next when that has come. */
  function ask(wanted: readonly Counter[], now: number) {
    for (const counter of wanted) {
      counter.needed += 1;
      if (counter.needed <= counter.held) continue;
      const isMissing = counter.needed > counter.held + counter.asked;
      if (isMissing && counter.asked < counter.atOnce && commands.length < mostCommands)
        send(counter, 1, now);
      return;
    }
  }

  function giveBackSurplus(counter: Counter, now: number) {
    const surplus = counter.held - counter.needed;
    if (surplus <= 0 || commands.length >= mostCommands) return;
    counter.held -= surplus;
    // The store gives back what was taken last, maybe by another and a moment later; so no later than it has to be.
    send(counter, -surplus, now);
  }

  function send(counter: Counter, cost: number, now: number) {
    const command: Command = { counter, cost, sentAt: now };
    commands.push(command);
    if (cost > 0) counter.asked += 1;
    answerTo(command).catch(() => undefined); // it never rejects
  }

  async function answerTo(command: Command): Promise<void> {
    const { counter, cost } = command;
    try {
      const { taken, retryAfterMs } = await store.take(counter.key, { limit: counter.limit, perMs, cost });
      if (isUnderWay(command)) note(command, taken, retryAfterMs);
    } catch (error) {
      const code = isLatchkeyError(error) ? error.code : 'internal_error';
      if (isUnderWay(command)) doWithout(code, clock.monotonic());
    }
    onNews();
  }

  /** Whether nobody has given it up; it is not under way any more. */
  function isUnderWay(command: Command): boolean {
    const others = commands.filter((one) => one !== command);
    const was = others.length < commands.length;
    commands = others;
    return was;
  }

  function note({ counter, cost }: Command, taken: boolean, retryAfterMs: number) {
    const wasDown = down !== undefined;
    down = undefined;
    if (cost > 0) counter.asked -= 1;
    if (taken) {
      // What was given back leaves room. What was taken while doing without counts one that has gone.
      if (cost < 0) counter.fullUntil = counter.asksAgainAt = -Infinity;
      else if (!wasDown) counter.held += 1;
      counter.atOnce = Math.min(mostCommands, 2 * counter.atOnce);
    } else {
      // Nothing stays in the span for longer than that, and to ask at once would be to ask without end.
      const ms = retryAfterMs >= 1 ? Math.min(retryAfterMs, perMs) : 1;
      counter.fullUntil = clock.monotonic() + ms;
      // All who wait are told the same moment; each process comes a little later than that, in turn by chance.
      counter.asksAgainAt = counter.fullUntil + Math.random() * Math.min(longestJitterMs, perMs / 50);
      counter.atOnce = 1;
    }
  }

  function doWithout(code: ErrorCode, now: number) {
    down = { until: now + withoutMs, code, isTold: false };
    commands = [];
    // What is held counts those who go without now; to give it back later could take away what others have taken since.
    for (const counter of counters) Object.assign(counter, emptyCounter(counter.key, counter.limit));
  }
}

function emptyCounter(key: string, limit: number): Counter {
  const never = -Infinity;
  return {
    key,
    limit,
    held: 0,
    asked: 0,
    needed: 0,
    atOnce: mostCommands,
    fullUntil: never,
    asksAgainAt: never,
  };
}

const mostCommands = 8;
// Stores have deadlines of their own; this is for one that has none.
const storeTimeoutMs = 1_000;
const withoutMs = 1_000;
const longestJitterMs = 100;
