import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blotted, safeCause, textsIn } from '../src/safe-cause.js';
import { shown } from './failures.js';

const secret = 'c4nary-secret';

describe('safeCause', () => {
  it('keeps name, code, message and frames', () => {
    const original = Object.assign(new TypeError('it broke'), { code: 'E_BROKE' });
    const copy = safeCause(original);
    expect(copy).not.toBe(original);
    expect(copy).toMatchObject({ name: 'TypeError', code: 'E_BROKE', message: 'it broke' });
    expect(copy.stack).toMatch(/^TypeError: it broke\n\s+at /);
    expect(copy.stack).toContain('safe-cause.test');
  });

  it('F3: leaves everything else of the original behind', () => {
    const original = Object.assign(new Error('it broke', { cause: new Error(secret) }), {
      data: secret,
      socket: { bytes: secret },
      errors: [new Error(secret)],
      code: { secret },
    });
    expect(shown(safeCause(original))).not.toContain('c4nary');
  });

  it('F3: blots secrets out of message, name, code and stack', () => {
    const original = Object.assign(new Error(`refused ${secret}, yes ${secret}\n    at ${secret}`), {
      code: secret,
    });
    original.name = `Error of ${secret}`;
    const copy = safeCause(original, [secret]);
    expect(shown(copy)).not.toContain('c4nary');
    expect(copy.message).toContain('refused [hidden], yes [hidden]');
  });

  it('F3: a stack that was changed does not bring the message back', () => {
    const original = new Error('it broke');
    original.stack = `Error: ${secret}\nsecond line ${secret}\n    at somewhere (file.js:1:1)`;
    expect(safeCause(original).stack).toBe('Error: it broke\n    at somewhere (file.js:1:1)');
  });

  it('takes errors whose fields are no text', () => {
    const odd = Object.assign(new Error('x'), { message: { a: 1 }, name: 7, stack: undefined, code: 5 });
    expect(safeCause(odd, [secret])).toMatchObject({ message: '[object Object]', name: '7' });
  });

  it.each([[secret], [undefined], [null], [{ secret }], [Symbol(secret)]])(
    'F3: tells only the type of %s, which is no error',
    (thrown) => {
      const copy = safeCause(thrown);
      expect(copy.message).toContain(typeof thrown);
      expect(shown(copy)).not.toContain('c4nary');
    },
  );
});

describe('blotted', () => {
  it('F3: no secret of four characters or more is left, whichever contains another', () => {
    const secrets = fc.array(
      fc.string({ unit: fc.constantFrom('a', 'b', '$', '&'), minLength: 4, maxLength: 9 }),
    );
    const text = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '$', '&', ' '), maxLength: 12 }));
    fc.assert(
      fc.property(secrets, text, (hidden, parts) => {
        const rest = blotted([...parts, ...hidden].join(' '), hidden);
        for (const one of hidden) expect(rest).not.toContain(one);
      }),
    );
  });

  it('F3: the rest of a secret does not stay when a part of it is a secret too', () => {
    expect(blotted('it is password-longer', ['password', 'password-longer'])).toBe('it is [hidden]');
  });

  it('leaves short words, which are found everywhere', () => {
    expect(blotted('an error of it', ['an', 'err', ''])).toBe('an error of it');
  });
});

describe('textsIn', () => {
  it('finds texts at every depth, as they are and as they stand in JSON', () => {
    expect(textsIn({ a: 'one', b: [{ c: 'two' }, 3, null, undefined], d: 'say "x"' })).toEqual(
      expect.arrayContaining(['one', 'two', 'say "x"', 'say \\"x\\"']),
    );
  });

  it('finds what is in any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        expect(textsIn({ value, inner: [[{ text }]] })).toContain(text);
      }),
    );
  });

  it('ends with cycles, and with a depth that recursion would not survive', () => {
    const cycle: Record<string, unknown> = { text: 'inside' };
    cycle['self'] = [cycle];
    expect(textsIn(cycle)).toContain('inside');
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(textsIn(deep)).toContain('bottom');
  });
});
