import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, jsonAnswer, sendAnswer } from './answer.js';
import { completeFault } from './complete-fault.js';
import { emulatorClock } from './emulator-clock.js';
import type { Fault } from './fault.js';
import { faultQueue, type FaultTarget } from './fault-queue.js';
import { playFault } from './play-fault.js';
import { type RecordedRequest, readRequest } from './recorded-request.js';
import { checkedValues, type Settings, standardValues } from './setting.js';

/** A provider on loopback, with switches for what its documents leave open and faults on demand. */
export interface Emulator<Behaviour> extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly origin: string;
  /** The users that can sign in, with their passwords in plain text. */
  readonly users: readonly EmulatorUser[];
  /** Every request since the start or the last `reset`, oldest first, faulted ones too. The list is live. */
  readonly requests: RecordedRequest[];
  /** Changes some switches. Throws TypeError that names an unknown switch or a bad value, and changes nothing then. */
  set(behaviour: Partial<Behaviour>): void;
  /**
   * Queues a fault for the next request, or for the next one that `only` matches. Several calls queue up in order.
   * A queued fault comes before the `fault` switch. Throws TypeError for what is no fault.
   */
  next(fault: Fault, only?: FaultTarget): void;
  /** Ends every live access token. */
  revokeTokens(): void;
  /** Moves the emulator's clock, which its `Date` header shows; a negative number moves it back. */
  advance(ms: number): void;
  /** Back to the moment of the start: switches, users, data, tokens, requests, clock and queued faults. */
  reset(): void;
  /** Ends the server and every open connection. Calling it again is harmless. */
  stop(): Promise<void>;
}

/** What every sample user has. */
export interface EmulatorUser {
  readonly email: string;
  readonly password: string;
}

/** The switch that all emulators have. */
export interface FaultSwitch {
  /** Played on every request until it is set to `undefined`. */
  readonly fault: Fault | undefined;
}

/** What makes an emulator the emulator of one provider. */
export interface EmulatorDefinition<Behaviour, Provider> {
  /** 0 takes a free one. */
  readonly port: number;
  readonly users: readonly EmulatorUser[];
  readonly settings: Settings<Behaviour>;
  /** Switches that differ from the defaults from the start. */
  readonly behaviour: Partial<Behaviour>;
  /** Makes the provider in its first state; called at the start and at every reset. */
  readonly build: (context: ProviderContext<Behaviour>) => Provider;
}

/** What a provider is given to build on. */
export interface ProviderContext<Behaviour> {
  readonly origin: string;
  /** The switches as they are now. */
  readonly behaviour: () => Behaviour;
  /** The emulator's clock, epoch milliseconds. */
  readonly now: () => number;
}

/** The emulated provider: its routes and its state. */
export interface EmulatedProvider {
  readonly answer: (request: RecordedRequest) => Answer;
  /** Puts another access token into an answer that has one; gives any other answer back unchanged. */
  readonly withToken: (answer: Answer, token: string) => Answer;
  readonly revokeTokens: () => void;
}

/**
 * Starts the server of an emulator. `provider()` is the provider in its present state.
 *
 * @throws TypeError for bad switches; the error of `listen` where the port cannot be had.
 */
export async function startEmulator<Behaviour extends FaultSwitch, Provider extends EmulatedProvider>(
  definition: EmulatorDefinition<Behaviour, Provider>,
): Promise<{ emulator: Emulator<Behaviour>; provider: () => Provider }> {
  const { settings, build, users } = definition;
  const checked = (given: Partial<Behaviour>) => checkedValues('switch', settings, given);
  const atStart: Behaviour = { ...standardValues(settings), ...checked(definition.behaviour) };
  const clock = emulatorClock();
  const faults = faultQueue();
  const requests: RecordedRequest[] = [];

  const server = createServer();
  const { port, origin } = await listen(server, definition.port);
  let behaviour = atStart;
  const context = { origin, behaviour: () => behaviour, now: clock.now };
  let provider = build(context);

  server.on('request', (incoming, response) => {
    readRequest(incoming, clock.now).then(
      (request) => respond(request, response),
      // The client left before its request was complete: there is nobody to answer.
      () => response.destroy(),
    );
  });

  function respond(request: RecordedRequest, response: ServerResponse): void {
    requests.push(request);
    response.setHeader('date', new Date(clock.now()).toUTCString());
    const fault = faults.take(request) ?? (behaviour.fault && completeFault(behaviour.fault));
    const answer = () => provider.answer(request);
    const { withToken } = provider;
    try {
      if (fault === undefined) sendAnswer(response, answer());
      else playFault(fault, { request, response, answer, withToken, port, now: clock.now });
    } catch (error) {
      sendAnswer(response, jsonAnswer(500, { message: `The emulator could not answer: ${String(error)}` }));
    }
  }

  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= close(server));
  const emulator: Emulator<Behaviour> = {
    origin,
    users,
    requests,
    set: (changes) => void (behaviour = { ...behaviour, ...checked(changes) }),
    next: faults.add,
    revokeTokens: () => provider.revokeTokens(),
    advance: clock.advance,
    reset() {
      behaviour = atStart;
      requests.length = 0;
      faults.clear();
      clock.reset();
      provider = build(context);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
  return { emulator, provider: () => provider };
}

async function listen(server: Server, port: number): Promise<{ port: number; origin: string }> {
  // An idle connection that ends by itself would be one more fault, and one nobody asked for.
  server.keepAliveTimeout = 0;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return { port: taken, origin: `http://127.0.0.1:${taken}` };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
