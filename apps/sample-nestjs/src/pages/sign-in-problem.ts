import type { HttpAnswer } from '@latchkey/core/http';
import { isProviderDown } from './provider-down.js';
import type { FieldProblems } from './sign-in.form.js';
import { duration } from './words.js';

/** What to say of a sign-in that did not work: at the fields that have to change, or above the form. */
export interface SignInProblem {
  readonly fields?: FieldProblems | undefined;
  readonly form?: string;
}

/** Puts the answer into words. */
export function signInProblem({ body, headers }: HttpAnswer, provider: string): SignInProblem {
  const seconds = headers['Retry-After'];
  const later = seconds === undefined ? 'later' : `in ${duration(Number(seconds) * 1000)}`;
  if (isProviderDown(body.error))
    return { form: `${provider} does not answer. What you typed may well be right: try again ${later}.` };
  switch (body.error) {
    // Not sent at all: what no account there can have, such as a password that is too short.
    case 'invalid_input':
    case 'invalid_credentials':
      return { fields: { password: 'The e-mail address or the password is wrong.' } };
    case 'second_factor_required':
      return {};
    case 'second_factor_invalid':
      return { fields: { twoFactorCode: 'This code is wrong or too old. Enter the one that is shown now.' } };
    case 'account_locked':
      return { form: `${provider} has locked this account after too many tries. Try again ${later}.` };
    case 'account_disabled':
      return { form: `This account may not sign in. Ask whoever gave it to you at ${provider}.` };
    case 'rate_limited':
      return { form: `There were too many tries. Try again ${later}.` };
    default:
      return { form: 'Nobody can sign in at the moment. Try again later.' };
  }
}
