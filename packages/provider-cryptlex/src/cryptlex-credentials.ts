import { credentialText, emailText } from '@latchkey/core';
import { z } from 'zod';

/** What Cryptlex asks for to sign in. */
export interface CryptlexCredentials {
  /** 1 to 256 characters. */
  readonly email: string;
  /** 8 to 256 characters. */
  readonly password: string;
  /** The six characters of the second factor; spaces between them do no harm, and an empty one counts as absent. */
  readonly twoFactorCode?: string | null | undefined;
  /** A recovery code instead; an empty one counts as absent. */
  readonly twoFactorRecoveryCode?: string | null | undefined;
}

/** Limits as Cryptlex documents them for `POST /v3/accounts/login`. */
export const cryptlexCredentials: z.ZodType<CryptlexCredentials> = z
  .object(
    {
      email: emailText(256),
      password: credentialText(256).min(8, 'must be text of 8 to 256 characters'),
      twoFactorCode: oneTimeText((code) => code.replaceAll(/\s/g, '')).pipe(
        credentialText(6).length(6, 'must be 6 characters').optional(),
      ),
      twoFactorRecoveryCode: oneTimeText((code) => code.trim()).pipe(credentialText(256).optional()),
    },
    'must be an object with email and password',
  )
  .refine(({ twoFactorCode, twoFactorRecoveryCode }) => !(twoFactorCode && twoFactorRecoveryCode), {
    path: ['twoFactorRecoveryCode'],
    message: 'must not come together with twoFactorCode',
  });

// Sign-in forms send the field empty when it was not filled in.
function oneTimeText(tidied: (code: string) => string) {
  return z
    .string('must be text')
    .nullish()
    .transform((code) =>
      code === undefined || code === null || tidied(code) === '' ? undefined : tidied(code),
    );
}
