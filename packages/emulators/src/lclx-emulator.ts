import { type Answer, emptyAnswer, jsonAnswer, withJsonText } from './answer.js';
import { type EmulatedProvider, type Emulator, type ProviderContext, startEmulator } from './emulator.js';
import { withByteOrderMark } from './faulty-answer.js';
import { type LclxBehaviour, lclxSettings } from './lclx-behaviour.js';
import { lclxFreight } from './lclx-freight.js';
import { lclxLogin } from './lclx-login.js';
import { lclxQuotes } from './lclx-quotes.js';
import { completeLclxUser, type LclxUser, type LclxUserInput, sampleLclxUsers } from './lclx-users.js';
import { bearerToken, type RecordedRequest } from './recorded-request.js';
import { findRoute, type Route } from './route-table.js';
import { checkStartOptions } from './start-options.js';
import { tokenBook } from './token-book.js';

/** LCLXchange on loopback. */
export interface LclxEmulator extends Emulator<LclxBehaviour> {
  readonly users: readonly LclxUser[];
}

/** How an LCLXchange emulator starts. */
export interface LclxEmulatorOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Who can sign in. Default: `demo@example.com`, `second@example.com` and `disabled@example.com`. */
  readonly users?: readonly LclxUserInput[];
  /** Switches that differ from the defaults; `reset` comes back to these. */
  readonly behaviour?: Partial<LclxBehaviour>;
}

/**
 * Starts LCLXchange on 127.0.0.1: the login, the lists of routes, currencies and carriers, and the quotes, with state.
 *
 * @throws TypeError for bad options and switches; the error of `listen` where the port cannot be had.
 */
export async function startLclxEmulator(options: LclxEmulatorOptions = {}): Promise<LclxEmulator> {
  checkStartOptions(options);
  const { port = 0, behaviour = {} } = options;
  const users = (options.users ?? sampleLclxUsers).map(completeLclxUser);
  const build = (context: ProviderContext<LclxBehaviour>) => lclxProvider(context, users);
  const { emulator } = await startEmulator({ port, users, settings: lclxSettings, behaviour, build });
  return { ...emulator, users };
}

function lclxProvider(context: ProviderContext<LclxBehaviour>, users: readonly LclxUser[]): EmulatedProvider {
  const { behaviour, now } = context;
  const tokens = tokenBook({ now });
  const login = lclxLogin({ ...context, users, tokens });
  const dataRoutes = [...lclxFreight(context), ...lclxQuotes(context)].map(signedIn);
  const routes = [{ method: 'POST', path: '/api/login', answer: login }, ...dataRoutes];

  function signedIn(route: Route): Route {
    const live = (request: RecordedRequest) => tokens.live(bearerToken(request)) !== undefined;
    return {
      ...route,
      answer: (request, id) => (live(request) ? route.answer(request, id) : refusal(behaviour().refusal)),
    };
  }

  return {
    answer: (request) => inDress(answerOf(routes.filter(offered), request), behaviour()),
    withToken: (answer, token) => withJsonText(answer, 'access_token', token),
    revokeTokens: tokens.revokeAll,
  };

  function offered({ method, path }: Route): boolean {
    const older = method === 'GET' && (path === '/api/quote/request' || path === '/api/quote/offer');
    return !older || behaviour().quoteGets;
  }
}

function answerOf(routes: readonly Route[], request: RecordedRequest): Answer {
  const result = findRoute(routes, request);
  if (result.found) return result.answer();
  return jsonAnswer(result.status, { message: result.status === 404 ? 'Not found.' : 'Method not allowed.' });
}

function refusal(kind: LclxBehaviour['refusal']): Answer {
  const documented = { Unauthorized: 'Access denied.' };
  switch (kind) {
    case 'documented':
      return jsonAnswer(401, documented);
    case '403':
      return jsonAnswer(403, documented);
    case '200':
      return jsonAnswer(200, documented);
    case 'empty':
      return emptyAnswer(401);
    case 'message':
      return jsonAnswer(401, { message: 'Unauthorized.' });
  }
}

/** The same answer with the content type and the byte order mark that the switches ask for, where it is JSON. */
function inDress(answer: Answer, { contentType, bom }: LclxBehaviour): Answer {
  if (answer.headers['content-type'] !== 'application/json') return answer;
  const dressed = { ...answer, headers: { ...answer.headers, 'content-type': contentType } };
  return bom ? withByteOrderMark(dressed) : dressed;
}
