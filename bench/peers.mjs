// The warm token path of other libraries, each holding a token that is good for an hour.
import { createHttpHeaders, bearerTokenAuthenticationPolicy } from '@azure/core-rest-pipeline';
import { OAuth2Client as BadgatewayClient, OAuth2Fetch } from '@badgateway/oauth2-client';
import { doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider } from '@smithy/core';
import { OAuth2Client as GoogleClient } from 'google-auth-library';

export const hourMs = 3_600_000;
const value = 'opaque-1';

/** `@smithy/core`: what the AWS clients keep their identities with. */
export function smithy() {
  const signIn = async () => ({ token: value, expiration: new Date(Date.now() + hourMs) });
  return memoizeIdentityProvider(signIn, isIdentityExpired, doesIdentityRequireRefresh);
}

/** `@badgateway/oauth2-client`: its `OAuth2Fetch`, which keeps a token and signs requests with it. */
export function badgateway() {
  return new OAuth2Fetch({
    client: new BadgatewayClient({ server: 'https://auth.example.com/', clientId: 'bench' }),
    getNewToken: async () => ({ accessToken: value, expiresAt: Date.now() + hourMs, refreshToken: null }),
  });
}

/** `google-auth-library`: the client that keeps a user's token. */
export function google() {
  const client = new GoogleClient();
  client.setCredentials({ access_token: value, token_type: 'Bearer', expiry_date: Date.now() + hourMs });
  return client;
}

/**
 * Azure's policy. What keeps the token is internal to it, so a request goes through it, the same one every time, to a
 * sender that answers without doing anything.
 */
export function azure() {
  const policy = bearerTokenAuthenticationPolicy({
    credential: { getToken: async () => ({ token: value, expiresOnTimestamp: Date.now() + hourMs }) },
    scopes: 'https://api.example.com/.default',
  });
  const request = { url: 'https://api.example.com/', method: 'GET', headers: createHttpHeaders() };
  const response = { status: 200, headers: createHttpHeaders(), request };
  const send = async () => response;
  return () => policy.sendRequest(request, send);
}
