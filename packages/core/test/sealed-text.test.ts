import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openText, sealText } from '../src/sealed-text.js';
import { seeded } from './seeded.js';

const key = randomBytes(32);

describe('sealed text', () => {
  it('opens with its key and context, and with no other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (text, context, other) => {
        const sealed = sealText(key, context, text);
        expect(openText(key, context, sealed)).toBe(text);
        expect(openText(randomBytes(32), context, sealed)).toBeUndefined();
        if (other !== context) expect(openText(key, other, sealed)).toBeUndefined();
      }),
      seeded('sealed texts', 300),
    );
  });

  it('S11: opens no more once any bit is changed, or any end cut off', () => {
    const bytes = Buffer.from(sealText(key, 'context', 'text'), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(openText(key, 'context', changed.toString('base64url'))).toBeUndefined();
    }
    for (let length = 0; length < bytes.length; length += 1) {
      expect(openText(key, 'context', bytes.subarray(0, length).toString('base64url'))).toBeUndefined();
      expect(
        openText(key, 'context', bytes.subarray(bytes.length - length).toString('base64url')),
      ).toBeUndefined();
    }
  });

  it('is another each time', () => {
    const all = Array.from({ length: 100 }, () => sealText(key, 'context', 'text'));
    expect(new Set(all).size).toBe(100);
  });

  it('is undefined for anything that was never sealed', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String({ maxLength: 200 })), (text) => {
        expect(openText(key, 'context', text)).toBeUndefined();
      }),
      seeded('texts that were never sealed', 300),
    );
  });
});
