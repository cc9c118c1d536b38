import type { ErrorCode } from '@latchkey/core';
import type { LatchkeySettings } from '../latchkey.settings.js';
import { settingsToken } from '../latchkey.tokens.js';
import { credentialsSchema } from './credentials-schema.js';
import { errorResponses } from './error-responses.js';
import { mayBeForged, publicAccess } from './guarded-operation.js';
import { eitherOf, securitySchemes } from './security-schemes.js';
import type { Route } from './route.js';
import type { Operation } from './traced-document.js';

/** The settings of the `LatchkeyModule` that a route is one of; `undefined` for routes of the application. */
export function ownSettings({ module }: Pick<Route, 'module'>): LatchkeySettings | undefined {
  const provider = [...module.providers].find(
    ([token]) => typeof token === 'string' && token.startsWith(settingsToken()),
  );
  return provider?.[1].instance as LatchkeySettings | undefined;
}

/** What the routes of `LatchkeyModule` do, by the names of their handlers. */
export function authOperations(settings: LatchkeySettings): Readonly<Record<string, Partial<Operation>>> {
  const { acceptsCookie, acceptsBearer, upstreamTokens, providers } = settings;
  const either = eitherOf(securitySchemes(settings));
  const transports = [...(acceptsCookie ? ['cookie'] : []), ...(acceptsBearer ? ['bearer'] : [])];
  const forged: ErrorCode[] = mayBeForged('post', settings) ? ['csrf_rejected'] : [];
  const withCookie = (description: string) =>
    acceptsCookie && { headers: { 'Set-Cookie': { description, schema: { type: 'string' } } } };
  const hasSecondFactor = providers.some(({ oneTime = [] }) => oneTime.length > 0);

  return {
    signIn: {
      summary: 'Sign in at a provider',
      ...publicAccess(),
      parameters: [
        {
          name: 'provider',
          in: 'path',
          required: true,
          schema: { type: 'string', enum: providers.map(({ name }) => name) },
        },
      ],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: credentialsSchema(providers, transports) } },
      },
      responses: {
        200: {
          description: 'Signed in.',
          ...withCookie('The session, unless it is to be carried as a bearer token.'),
          content: sessionContent,
        },
        ...errorResponses([
          'invalid_input',
          'invalid_credentials',
          ...(hasSecondFactor ? (['second_factor_required', 'second_factor_invalid'] as const) : []),
          'account_disabled',
          ...(settings.check ? (['csrf_rejected'] as const) : []),
          'unknown_provider',
          'account_locked',
          'rate_limited',
          ...failures,
        ]),
      },
    },
    signOut: {
      summary: 'Sign out',
      security: [...either, {}],
      parameters: [],
      responses: {
        204: {
          description: 'Signed out, or not signed in before.',
          ...withCookie('Takes the session away.'),
        },
        ...errorResponses([...forged, 'store_error']),
      },
    },
    session: {
      summary: 'Who is signed in',
      security: either,
      parameters: [],
      responses: {
        200: { description: 'Signed in.', content: sessionContent },
        ...errorResponses([
          'not_signed_in',
          'token_rejected',
          ...(upstreamTokens ? (['rate_limited'] as const) : []),
          ...failures,
        ]),
      },
    },
    providers: {
      summary: 'Where users can sign in',
      ...publicAccess(),
      parameters: [],
      responses: {
        200: {
          description: 'The providers.',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/LatchkeyProviders' } } },
        },
      },
    },
  };
}

const failures = [
  'upstream_error',
  'invalid_response',
  'upstream_unavailable',
  'store_error',
  'timeout',
] as const satisfies readonly ErrorCode[];

const sessionContent = { 'application/json': { schema: { $ref: '#/components/schemas/LatchkeySession' } } };
