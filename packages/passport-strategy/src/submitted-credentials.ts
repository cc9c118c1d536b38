import { knownFields } from '@latchkey/core';
import { fieldOf } from './field.js';
import type { StrategyRequest } from './strategy-request.js';

/** Where a sign-in form has its fields. */
export interface CredentialFields {
  readonly emailField: string;
  readonly passwordField: string;
  readonly twoFactorField: string;
  readonly twoFactorRecoveryField: string;
  /** Whether the query string is looked at, too. */
  readonly fromQuery: boolean;
}

/** What somebody signs in with. A code that was not given is absent. */
export interface SubmittedCredentials {
  readonly email: string;
  readonly password: string;
  readonly twoFactorCode?: string;
  readonly twoFactorRecoveryCode?: string;
}

/**
 * The credentials in a request, or `undefined` where e-mail address or password are missing or empty, or any of the
 * fields is no text: a parser makes arrays and objects of what a client names so.
 */
export function submittedCredentials(
  request: StrategyRequest,
  fields: CredentialFields,
): SubmittedCredentials | undefined {
  const forms = fields.fromQuery ? [request.body, request.query] : [request.body];
  const read = (name: string) => forms.map((form) => fieldOf(form, name)).find(isGiven);
  const email = read(fields.emailField);
  const password = read(fields.passwordField);
  const twoFactorCode = read(fields.twoFactorField);
  const twoFactorRecoveryCode = read(fields.twoFactorRecoveryField);

  if (typeof email !== 'string' || typeof password !== 'string') return undefined;
  if (!isTextOrAbsent(twoFactorCode) || !isTextOrAbsent(twoFactorRecoveryCode)) return undefined;
  return twoFactorCode === undefined && twoFactorRecoveryCode === undefined
    ? { email, password }
    : knownFields({ email, password, twoFactorCode, twoFactorRecoveryCode });
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
