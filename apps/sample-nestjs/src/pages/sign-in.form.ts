import { z } from 'zod';

/** What was typed. */
export interface SignInForm {
  readonly provider: string;
  readonly email: string;
  readonly password: string;
  /** In the second step, for accounts that have a second factor. */
  readonly twoFactorCode?: string;
  /** Where to go then; not to be trusted. */
  readonly next: string;
}

/** What is wrong, by field. */
export type FieldProblems = Partial<Record<'provider' | 'email' | 'password' | 'twoFactorCode', string>>;

/** Takes the form from a body, of which nothing is known: a field that came twice is a list, and counts as empty. */
export function readSignInForm(body: unknown): SignInForm {
  const { twoFactorCode, ...form } = formSchema.parse(body);
  return twoFactorCode === undefined ? form : { ...form, twoFactorCode };
}

/** What is missing or malformed, if anything is: nothing was sent to a provider yet. */
export function problemsOf(form: SignInForm, providers: readonly string[]): FieldProblems | undefined {
  const { provider, email, password, twoFactorCode } = form;
  const problems: FieldProblems = {};
  if (!providers.includes(provider)) problems.provider = 'Choose where your account is.';
  if (email === '') problems.email = 'Enter your e-mail address.';
  else if (!z.email().safeParse(email).success)
    problems.email = 'Enter an e-mail address, such as name@example.com.';
  if (password === '') problems.password = 'Enter your password.';
  if (twoFactorCode !== undefined && !/^\d{6}$/.test(twoFactorCode))
    problems.twoFactorCode = 'Enter the six digits that your authenticator app shows.';
  return Object.keys(problems).length > 0 ? problems : undefined;
}

const text = z.string().catch('');

const formSchema = z
  .object({
    provider: text,
    email: text.transform((typed) => typed.trim()),
    password: text,
    twoFactorCode: z
      .string()
      // As apps show it: in two groups.
      .transform((typed) => typed.replace(/[\s-]/g, ''))
      .optional()
      .catch(''),
    next: text,
  })
  .catch({ provider: '', email: '', password: '', next: '' });
