import { checkedOptions } from '@latchkey/core';
import { functionOption } from './option-schemas.js';
import type { Verify } from './verify.js';

/** @throws LatchkeyError `invalid_config` for a `verify` that is given and no function. */
export function checkedVerify(
  owner: string,
  verify: Verify<never> | undefined,
): Verify<readonly unknown[]> | undefined {
  const schema = functionOption<Verify<readonly unknown[]>>().optional();
  return checkedOptions(`the verify of ${owner}`, schema, verify);
}
