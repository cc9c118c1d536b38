import { describe, expect, it } from 'vitest';
import { amount, checkedValues, flag, oneOf, standardValues } from '../src/setting.js';

const settings = {
  colour: oneOf<string | number>('red', 'blue', 1),
  loud: flag(false),
  size: amount(3, { least: 1 }),
};

describe('settings', () => {
  it('have the first listed value as the default', () => {
    expect(standardValues(settings)).toEqual({ colour: 'red', loud: false, size: 3 });
  });

  it('give taken values back', () => {
    expect(checkedValues('switch', settings, { colour: 1, loud: true })).toEqual({ colour: 1, loud: true });
  });

  it.each([
    [{ colours: 'red' }, 'Unknown switch "colours". Known: colour, loud, size.'],
    [{ colour: '1' }, 'The switch "colour" takes one of "red", "blue", 1, not "1".'],
    [{ loud: 1 }, 'The switch "loud" takes true or false, not 1.'],
    [{ size: 0 }, 'The switch "size" takes a finite number of at least 1, not 0.'],
    [{ size: Number.NaN }, 'The switch "size" takes a finite number of at least 1, not NaN.'],
    [{ toString: 1 }, 'Unknown switch "toString". Known: colour, loud, size.'],
  ])('refuse %j by name', (given, message) => {
    expect(() => checkedValues('switch', settings, given)).toThrow(new TypeError(message));
  });
});
