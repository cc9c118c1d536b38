import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSlots } from '../src/slots.js';

it('holds what was put in and not taken out, however often that is asked for', () => {
  const step = fc.record({ leave: fc.boolean(), at: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const slots = createSlots<number>();
      const all: { readonly item: number; readonly leave: () => void; isIn: boolean }[] = [];
      for (const { leave, at } of steps) {
        const one = all[at];
        if (!leave) all.push({ item: all.length, leave: slots.add(all.length), isIn: true });
        else if (one) {
          one.leave();
          one.isIn = false;
        }
        const inside = all.filter(({ isIn }) => isIn).map(({ item }) => item);
        expect([...slots].sort((a, b) => a - b)).toEqual(inside);
      }
    }),
  );
});
