import { credentialText, emailText } from '@latchkey/core';
import { z } from 'zod';

/** What LCLXchange asks for to sign in. */
export interface LclxCredentials {
  readonly email: string;
  readonly password: string;
}

/** Limits are ours: LCLXchange documents none. */
export const lclxCredentials: z.ZodType<LclxCredentials> = z.object(
  { email: emailText(), password: credentialText(1024) },
  'must be an object with email and password',
);
