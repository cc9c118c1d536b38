import { getEventListeners } from 'node:events';
import {
  isLatchkeyError,
  LatchkeyError,
  memoryStore,
  tokenSource,
  type ErrorCode,
  type LatchkeyEvent,
  type Token,
} from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import {
  anna,
  bert,
  controlledProvider,
  type ProviderCall,
  type TestCredentials,
} from './controlled-provider.js';
import { createLoginRules } from './login-rules.js';
import type { Life, Step } from './token-source-steps.js';

interface Caller {
  readonly controller: AbortController | undefined;
  /** Every value that had been reported when it called. */
  readonly refused: ReadonlySet<string>;
  /** The round of credentials that it called in; it must get no token of an earlier one. */
  readonly round: number;
  readonly wasClosed: boolean;
  /** The token that it must be given without waiting. */
  readonly atHand: string | undefined;
  settled: number;
  value?: string;
  error?: unknown;
}

/** A good token that the source must have, as far as can be told from outside. */
interface AtHand {
  readonly value: string;
  readonly staleAt: number;
  readonly endsAt: number;
}

const floorMs = 1_000;
const everybody: readonly TestCredentials[] = [anna, bert, { ...anna, email: 'cora@example.com' }];
const knownCodes: ReadonlySet<ErrorCode> = new Set([
  'invalid_credentials',
  'second_factor_invalid',
  'account_locked',
  'upstream_unavailable',
  'timeout',
  'rate_limited',
  'token_rejected',
  'closed',
]);

/** Lives through a life of a source. Throws where something happens that must not, whatever came before. */
export async function live({ renewable, rotates, stored, turns }: Life): Promise<void> {
  const clock = virtualClock();
  const events: LatchkeyEvent[] = [];
  const callers: Caller[] = [];
  const given = new Map<string, Token>();
  const whose = new Map<string, string>();
  const refused = new Set<string>();
  const asks: (() => void)[] = [];
  const rules = createLoginRules(clock, floorMs);
  const faults: string[] = [];
  let credentials = anna;
  let round = 0;
  /** Whose credentials could be had in each round. */
  const rounds: Set<string>[] = [new Set([anna.email])];
  let asksSlowly = false;
  let isClosed = false;
  let hasClosed = false;
  let atHand: AtHand | undefined;
  let landing: { readonly call: ProviderCall; readonly lifetimeMs: number | undefined } | undefined;
  /** Whether the clock was set, or the credentials were to be asked for again, since nothing was under way. */
  let isDisturbed = false;

  const acme = controlledProvider({ clock, renewable, rotates, answer: onCall });
  const source = tokenSource(acme.provider, asked, {
    renewFloorMs: floorMs,
    onEvent: (event) => events.push(event),
    ...(stored && { store: memoryStore({ clock }) }),
  });

  for (const steps of turns) await turn(steps);
  acme.settings.ignoresSignal = false;
  asksSlowly = false;
  for (let times = 0; times < 20 && !isQuiet(); times += 1) {
    await turn([{ do: 'tell' }, { do: 'give', lifetimeMs: 3_600_000 }, { do: 'pass', ms: 20_000 }]);
  }
  must(isQuiet(), 'somebody waits for ever');
  await turn([{ do: 'close' }]);
  lookBack();
  complain();

  function must(condition: boolean, otherwise: string) {
    if (!condition) faults.push(otherwise);
  }

  // Noted first, and thrown here: what is thrown into the source itself could be lost in there.
  function complain() {
    if (faults.length > 0) throw new Error(faults.join('; '));
  }

  function asked(): TestCredentials | Promise<TestCredentials> {
    const now = credentials;
    rules.asked(now.email);
    return asksSlowly ? new Promise((resolve) => asks.push(() => resolve(now))) : now;
  }

  function onCall(call: ProviderCall) {
    must(acme.open.length <= 1, 'two calls were made at once');
    must(!isClosed, 'a call was made after close');
    must(!atHand || clock.monotonic() >= atHand.staleAt, 'a call was made while there was a good token');
    must(
      !callers.some(({ controller }) => controller?.signal === call.signal && call.signal),
      'a signal was handed over',
    );
    const problem = rules.called(call);
    must(problem === undefined, String(problem));
  }

  async function turn(steps: readonly Step[]): Promise<void> {
    for (const step of steps) take(step);
    await clock.advance(0);
    landed();
    for (const caller of callers) {
      if (caller.atHand === undefined || caller.controller?.signal.aborted) continue;
      must(caller.settled === 1, 'somebody waits, though there is a good token');
      must(
        caller.value === caller.atHand,
        `${String(caller.value ?? caller.error)} was given, not ${caller.atHand}`,
      );
    }
    const isGood = atHand && clock.monotonic() < atHand.endsAt;
    if (isGood) must(source.peek()?.value === atHand?.value, 'the good token is not at hand');
    if (isClosed) must(source.peek() === undefined, 'there is a token after close');
    complain();
    for (const step of steps) if (step.do === 'pass') await clock.advance(step.ms);
    if (isQuiet()) isDisturbed = false;
    complain();
  }

  /** Whether nothing is under way. */
  function isQuiet(): boolean {
    const isWaiting = callers.some(({ settled }) => settled === 0);
    return acme.open.length === 0 && asks.length === 0 && clock.sleepers === 0 && !isWaiting;
  }

  function take(step: Step): void {
    switch (step.do) {
      case 'get': {
        call(undefined, step.leaves);
        return;
      }
      case 'report': {
        call(givenBefore(step.which), step.leaves);
        return;
      }
      case 'accept': {
        accept(givenBefore(step.which));
        return;
      }
      case 'abort': {
        abort(step.which);
        return;
      }
      case 'give': {
        give(step.lifetimeMs);
        return;
      }
      case 'fail': {
        fail(step.code, step.retryAfterMs);
        return;
      }
      case 'tell': {
        asks.splice(0).forEach((answer) => answer());
        return;
      }
      case 'ignore signals':
        acme.settings.ignoresSignal = step.really;
        return;
      case 'ask slowly':
        asksSlowly = step.really;
        return;
      case 'become':
        credentials = everybody[step.who]!;
        rounds.at(-1)!.add(credentials.email);
        return;
      case 'refresh':
        if (step.who !== undefined) credentials = everybody[step.who]!;
        round = rounds.push(new Set([credentials.email])) - 1;
        isDisturbed = true;
        atHand = undefined;
        rules.forgotten();
        {
          source.refreshCredentials();
          return;
        }
      case 'set clock':
        isDisturbed = true;
        {
          clock.setNow(clock.now() + step.byMs);
          return;
        }
      case 'close':
        isClosed = true;
        atHand = undefined;
        source.close().then(
          () => (hasClosed = true),
          (error: unknown) => must(false, `close rejected with ${String(error)}`),
        );
        return;
      case 'pass':
        return; // when all has settled
    }
  }

  function givenBefore(which: number): Token | undefined {
    return [...given.values()].at(-1 - (which % Math.max(1, given.size)));
  }

  function call(rejected: Token | undefined, leaves: boolean): void {
    const controller = leaves ? new AbortController() : undefined;
    if (rejected) {
      if (rejected.value === atHand?.value) {
        rules.rejected(isQuiet());
        atHand = undefined;
      }
      refused.add(rejected.value);
    }
    const isGood = atHand && clock.monotonic() < atHand.endsAt;
    const caller: Caller = {
      controller,
      refused: new Set(refused),
      round,
      wasClosed: isClosed,
      atHand: isGood ? atHand?.value : undefined,
      settled: 0,
    };
    callers.push(caller);
    source.getToken({ signal: controller?.signal, rejected }).then(
      (token) => {
        caller.settled += 1;
        caller.value = token.value;
        given.set(token.value, token);
        must(!caller.wasClosed, 'a token was given after close');
        must(!caller.refused.has(token.value), 'a token was given that had been reported');
        const owners = rounds.slice(caller.round).flatMap((owner) => [...owner]);
        must(owners.includes(whose.get(token.value)!), 'a token of somebody else was given');
      },
      (error: unknown) => {
        caller.settled += 1;
        caller.error = error;
        if (controller?.signal.aborted && error === controller.signal.reason) return;
        if (!isLatchkeyError(error)) {
          must(false, `it rejected with ${String(error)}`);
          return;
        }
        must(knownCodes.has(error.code), `it rejected with ${error.code}: ${error.message}`);
        must(error.actor === 'service', `${error.code} is of no service`);
        must(isClosed === (error.code === 'closed') || !caller.wasClosed, `it rejected with ${error.code}`);
      },
    );
  }

  function accept(token: Token | undefined) {
    if (!token) return;
    if (token.value === atHand?.value) rules.accepted();
    source.accepted(token);
  }

  function abort(which: number) {
    const here = callers.filter(({ settled, controller }) => settled === 0 && !controller?.signal.aborted);
    const leaving = here.filter(({ controller }) => controller);
    const one = leaving[which % Math.max(1, leaving.length)];
    const signal = acme.open[0]?.signal;
    const wasAborted = signal?.aborted;
    one?.controller?.abort({ which: callers.indexOf(one) });
    if (here.length > 1 && !wasAborted) must(!signal?.aborted, 'a login was aborted while somebody waited');
  }

  function give(lifetimeMs: number | undefined) {
    const [open] = acme.open;
    if (!open) return;
    open.give({ lifetimeMs });
    whose.set(open.gave!, open.email);
    rules.gave(open);
    landing = { call: open, lifetimeMs };
  }

  function fail(code: ErrorCode, retryAfterMs: number | undefined) {
    const [open] = acme.open;
    if (!open) return;
    rules.refused(open, code, retryAfterMs);
    open.fail(new LatchkeyError(code, { provider: 'acme', retryAfterMs }));
  }

  /** Notes the token that has just come, where it is certain that the source has it, and for how long. */
  function landed() {
    if (!landing) return;
    const { call: from, lifetimeMs } = landing;
    landing = undefined;
    const isGivenUp = from.kind === 'sign-in' && from.signal?.aborted === true;
    const isKnown = !isGivenUp && !isClosed && !isDisturbed && !refused.has(from.gave!);
    rules.landed(isKnown);
    const now = clock.monotonic();
    const leftMs = lifetimeMs === undefined ? 300_000 : from.at + lifetimeMs - now;
    const staleAt = now + Math.max(floorMs, leftMs - Math.min(60_000, leftMs / 10));
    const endsAt = now + Math.max(floorMs, leftMs);
    atHand = isKnown ? { value: from.gave!, staleAt, endsAt } : undefined;
  }

  function lookBack() {
    must(hasClosed, 'it never closed');
    must(clock.sleepers === 0, 'somebody sleeps after close');
    for (const { settled, controller } of callers) {
      must(settled === 1, `a caller was told ${settled} times`);
      if (controller) must(getEventListeners(controller.signal, 'abort').length === 0, 'a listener is left');
    }
    faults.push(...rules.problems());
    const told = (type: LatchkeyEvent['type']) => events.filter((event) => event.type === type).length;
    const gave = (kind: ProviderCall['kind']) =>
      acme.calls.filter((one) => one.kind === kind && one.gave).length;
    must(told('renewal') === gave('renewal'), 'renewals and their events differ');
    must(told('sign-in') <= gave('sign-in'), 'there are too many events of sign-ins');
    must(told('rejected') <= refused.size, 'there are too many events of refused tokens');
  }
}
