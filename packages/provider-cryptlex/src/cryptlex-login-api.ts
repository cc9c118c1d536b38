import { knownFields, type UpstreamRequest } from '@latchkey/core';
import { bearerText, text } from '@latchkey/core/wire';
import { z } from 'zod';
import type { CryptlexCredentials } from './cryptlex-credentials.js';
import { loginRefusal, renewalRefusal, type ErrorCodes } from './cryptlex-refusal.js';

/** What a login or a renewal gives. */
export interface CryptlexLogin {
  readonly accessToken: string;
  readonly refreshToken?: string;
}

/** The account of the software vendor that its users belong to: by alias or by id. */
export type CryptlexTenant = { readonly accountAlias: string } | { readonly accountId: string };

/** `POST /v3/accounts/login`. */
export function loginRequest(
  tenant: CryptlexTenant,
  credentials: CryptlexCredentials,
  errorCodes: ErrorCodes,
): UpstreamRequest<CryptlexLogin> {
  const { email, password, twoFactorCode, twoFactorRecoveryCode } = credentials;
  return {
    method: 'POST',
    path: '/v3/accounts/login',
    body: { ...tenant, email, password, twoFactorCode, twoFactorRecoveryCode },
    purpose: 'sign-in',
    refused: (reply) => loginRefusal(reply, errorCodes),
    schema: loginReply,
  };
}

/** `POST /v3/accounts/login-refresh-token`. */
export function renewalRequest(refreshToken: string, errorCodes: ErrorCodes): UpstreamRequest<CryptlexLogin> {
  return {
    method: 'POST',
    path: '/v3/accounts/login-refresh-token',
    body: { refreshToken },
    purpose: 'renewal',
    refused: (reply) => renewalRefusal(reply, errorCodes),
    schema: loginReply,
  };
}

const loginReply = z
  .object({ accessToken: bearerText, refreshToken: text })
  .transform((reply) => knownFields(reply));
