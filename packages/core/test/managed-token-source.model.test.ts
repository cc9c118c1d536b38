import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unhandledDuring } from './failures.js';
import { seeded } from './seeded.js';
import { life } from './token-source-steps.js';
import { live } from './token-source-world.js';

it('T1 to T7, T13: hold for a token source, whatever happens to it', async () => {
  const unhandled = await unhandledDuring(() =>
    fc.assert(fc.asyncProperty(life, live), seeded('lives of a token source', 1_500)),
  );
  expect(unhandled).toEqual([]);
});
