import { knownFields, type UpstreamRequest } from '@latchkey/core';
import { flag, required, text } from '@latchkey/core/wire';
import { z } from 'zod';
import type { CryptlexAccount } from './cryptlex-account.js';
import { moment } from './moment.js';

/** `GET /v3/me`. All but the id and the e-mail address is read leniently: the reply is not documented in full. */
export function meRequest(): UpstreamRequest<CryptlexAccount> {
  return { path: '/v3/me', schema: account };
}

const account = z
  .object({
    id: required(text),
    email: required(text),
    name: text,
    firstName: text,
    lastName: text,
    role: text,
    company: text,
    twoFactorEnabled: flag,
    googleSsoEnabled: flag,
    createdAt: moment,
    updatedAt: moment,
    lastLoginAt: moment,
  })
  .transform((fields) => knownFields(fields));
