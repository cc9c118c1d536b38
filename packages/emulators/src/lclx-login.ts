import { randomBytes } from 'node:crypto';
import { type Answer, jsonAnswer } from './answer.js';
import type { ProviderContext } from './emulator.js';
import type { LclxBehaviour } from './lclx-behaviour.js';
import type { LclxUser } from './lclx-users.js';
import { dictatedAnswer } from './login-answer.js';
import type { RecordedRequest } from './recorded-request.js';
import type { TokenBook } from './token-book.js';

/** What the login needs to know. */
export interface LclxLoginContext extends ProviderContext<LclxBehaviour> {
  readonly users: readonly LclxUser[];
  readonly tokens: TokenBook;
}

/** `POST /api/login`: enters a token in the book and answers with it and the user's profile. */
export function lclxLogin({ behaviour: current, users, tokens, now }: LclxLoginContext) {
  return ({ body }: RecordedRequest): Answer => {
    const behaviour = current();
    if (behaviour.loginAnswer !== undefined) return dictatedAnswer(behaviour.loginAnswer);
    const credentials = readCredentials(body);
    if (credentials === undefined) return jsonAnswer(400, { message: 'Email and password are required.' });
    const user = users.find((one) => sameEmail(one.email, credentials.email));
    if (user?.password !== credentials.password) {
      return jsonAnswer(behaviour.refusedStatus, { message: 'Invalid Username or Password.' });
    }
    const { token, expiresAt } = grant(user, behaviour);
    const lifetime = lifetimeFields(expiresAt, behaviour);
    return jsonAnswer(200, {
      user: {
        access_token: token,
        ...(behaviour.lifetimePlace === 'user' ? lifetime : {}),
        ...profile(user, behaviour),
      },
      ...(behaviour.lifetimePlace === 'top' ? lifetime : {}),
    });
  };

  function grant({ email: owner }: LclxUser, behaviour: LclxBehaviour): { token: string; expiresAt: number } {
    const live = behaviour.sameToken ? tokens.newestOf(owner) : undefined;
    if (live !== undefined) return live;
    if (behaviour.loginEndsOldToken) tokens.revokeAllOf(owner);
    const token = opaqueToken();
    const expiresAt = now() + behaviour.lifetimeSeconds * 1_000;
    tokens.enter(token, { owner, expiresAt });
    return { token, expiresAt };
  }

  function lifetimeFields(expiresAt: number, behaviour: LclxBehaviour): Record<string, unknown> {
    const { lifetimeName: name, lifetimeType: type, announcedLifetime: announced } = behaviour;
    if (name === 'absent') return {};
    if (announced !== undefined) return { [name]: announced };
    const seconds = Math.round((expiresAt - now()) / 1_000);
    if (type === 'epoch') return { [name]: Math.round(expiresAt / 1_000) };
    if (type === 'epoch-ms') return { [name]: expiresAt };
    return { [name]: type === 'string' ? String(seconds) : seconds };
  }
}

function readCredentials(body: unknown): { email: string; password: string } | undefined {
  if (typeof body !== 'object' || body === null || !('email' in body) || !('password' in body))
    return undefined;
  const { email, password } = body;
  return typeof email === 'string' && typeof password === 'string' ? { email, password } : undefined;
}

const sameEmail = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

// The documented sample looks like a JWT and does not decode as one. Ours has no dot at all: nobody can lean on it.
const opaqueToken = () => randomBytes(48).toString('base64url');

function profile(user: LclxUser, behaviour: LclxBehaviour): Record<string, unknown> {
  return {
    firstname: user.firstname,
    middlename: user.middlename,
    lastname: user.lastname,
    email: user.email,
    title: user.title,
    enabled: enabledField(user.enabled, behaviour.enabled),
    lastlogin: user.lastlogin,
    imageUrl: user.imageUrl,
    company: companyField(user.company, behaviour.company),
  };
}

function enabledField(enabled: boolean, spelling: LclxBehaviour['enabled']): unknown {
  if (spelling === 'absent') return undefined;
  if (enabled) return spelling;
  return typeof spelling === 'string' ? 'FALSE' : typeof spelling === 'number' ? 0 : false;
}

function companyField(company: LclxUser['company'], shape: LclxBehaviour['company']): unknown {
  return { object: company, empty: {}, array: [], null: null, absent: undefined }[shape];
}
