import { safeNext } from '@latchkey/core/http';
import { providerLabel } from './provider-labels.js';
import type { SignInForm } from './sign-in.form.js';
import type { SignInProblem } from './sign-in-problem.js';

/** What the pages `sign-in` and `second-factor` show. What was typed is kept, but for password and code. */
export function signInModel(
  { provider, email, next }: Pick<SignInForm, 'provider' | 'email' | 'next'>,
  providers: readonly string[],
  { fields, form, notice }: SignInProblem & { readonly notice?: string | undefined } = {},
): object {
  const chosen = providers.length === 1 ? providers[0] : provider;
  return {
    hasProblem: fields !== undefined || form !== undefined,
    providers: providers.map((name) => ({
      name,
      label: providerLabel(name),
      isChosen: name === chosen,
    })),
    provider: { name: provider, label: providerLabel(provider) },
    email,
    next: safeNext(next, '/account'),
    notice,
    problem: form,
    fields,
    focus: form === undefined ? firstOf(fields) : undefined,
  };
}

/** Where the cursor goes: to the first field that has to change. */
function firstOf(fields: SignInProblem['fields'] = {}): object {
  const [first] = ['provider', 'email', 'password', 'twoFactorCode'].filter((name) => name in fields);
  return first === undefined ? {} : { [first]: true };
}
