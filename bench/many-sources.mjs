// Whether a warm `getToken()` costs the same however many sources there are, beside as many values kept by hand.
import { keptByDate } from './by-hand.mjs';
import { warmSources } from './latchkey.mjs';
import { asyncLoop } from './loop.mjs';
import { compareAll } from './pairs.mjs';

const counts = [1, 100, 10_000, 100_000];

await compareAll('Many warm sources', comparisons());

async function* comparisons() {
  for (const count of counts) {
    const sources = await warmSources(count);
    const byHand = Array.from({ length: count }, keptByDate);
    await Promise.all(byHand.map((get) => get()));

    const inOrder = (how, order) => {
      let ours = 0;
      let other = 0;
      return {
        ours: asyncLoop(`getToken(), ${count} sources ${how}`, () => {
          ours = ours + 1 < count ? ours + 1 : 0;
          return sources[order[ours]].getToken();
        }),
        other: asyncLoop(`by hand, ${count} values ${how}`, () => {
          other = other + 1 < count ? other + 1 : 0;
          return byHand[order[other]]();
        }),
      };
    };
    const inTurn = Uint32Array.from({ length: count }, (_, index) => index);
    yield { ...inOrder('in turn', inTurn), bar: { atMost: 1.1 } };
    // Without a bar: each step then waits for memory, and a source is more objects than a closure over one value.
    if (count > 1) yield inOrder('at random', shuffled(count));
  }
}

/** The numbers below `count` in an order that no prefetcher foresees, the same in every run. */
function shuffled(count) {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let seed = 1;
  for (let left = count; left > 1; left -= 1) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * left);
    [order[left - 1], order[other]] = [order[other], order[left - 1]];
  }
  return order;
}
