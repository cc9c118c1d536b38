import {
  checkedOptions,
  credentialText,
  isErrorCode,
  type ErrorCode,
  type UpstreamOptions,
} from '@latchkey/core';
import { z } from 'zod';
import type { CryptlexTenant } from './cryptlex-login-api.js';
import type { ErrorCodes } from './cryptlex-refusal.js';

/** What `cryptlex` takes: an account, a place, and an HTTP side. */
export interface CryptlexOptions<Name extends string = string> extends Omit<
  UpstreamOptions,
  'name' | 'origin'
> {
  /** The software vendor's account, by its alias. Exactly one of alias and id is needed. */
  readonly accountAlias?: string | undefined;
  /** The software vendor's account, by its id. */
  readonly accountId?: string | undefined;
  /** Names the provider everywhere; for two accounts side by side. Default: `cryptlex`. */
  readonly name?: Name | undefined;
  /** Default: `us`. Exclusive with `origin`. */
  readonly region?: 'us' | 'eu' | undefined;
  /** Where an on-premise installation is. */
  readonly origin?: string | undefined;
  /** What codes of Cryptlex mean, beside or instead of what is assumed: they are not documented. */
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * What the options say: the account, where it is, what codes mean; and the rest, which is for the HTTP side.
 *
 * @throws LatchkeyError `invalid_config`.
 */
export function readOptions(options: CryptlexOptions): {
  readonly tenant: CryptlexTenant;
  readonly origin: string;
  readonly errorCodes: ErrorCodes;
  readonly http: Omit<UpstreamOptions, 'name' | 'origin'>;
} {
  const { accountAlias, accountId, region, origin, errorCodes, ...http } = checkedOptions(
    'cryptlex()',
    ownOptions,
    options,
  );
  return {
    tenant: accountAlias === undefined ? { accountId: accountId ?? '' } : { accountAlias },
    origin: origin ?? regions[region ?? 'us'],
    errorCodes,
    http, // createUpstream checks it
  };
}

const regions = { us: 'https://api.cryptlex.com', eu: 'https://api.eu.cryptlex.com' } as const;

const ownOptions = z
  .looseObject({
    accountAlias: accountText(256).optional(),
    accountId: accountText(36).optional(),
    region: z.enum(['us', 'eu'], 'must be us or eu').optional(),
    origin: z.string('must be text').optional(),
    errorCodes: z
      .record(
        z.string(),
        z.custom<ErrorCode>(isErrorCode, 'must be an error code of Latchkey'),
        'must be an object of codes',
      )
      .default({}),
  })
  .refine(({ accountAlias, accountId }) => (accountAlias === undefined) !== (accountId === undefined), {
    message: 'exactly one of accountAlias and accountId must be given',
  })
  .refine(({ region, origin }) => region === undefined || origin === undefined, {
    message: 'region and origin must not be given together',
  });

function accountText(maxLength: number) {
  return credentialText(maxLength).regex(/\S/, 'must not be blank');
}
