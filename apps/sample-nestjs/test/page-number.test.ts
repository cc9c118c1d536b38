import { describe, expect, it } from 'vitest';
import { PageNumberPipe } from '../src/api/page-number.pipe.js';

describe('the number of a page', () => {
  it.each([
    [undefined, 1],
    ['1', 1],
    ['42', 42],
    ['100', 100],
  ])('%j is %i', (text, number) => {
    expect(new PageNumberPipe().transform(text)).toBe(number);
  });

  it.each(['', '0', '-1', '1.5', '101', '1e2', ' 1', 'two', ['1'], { a: 1 }])('%j is none', (text) => {
    expect(() => new PageNumberPipe().transform(text)).toThrow('from 1 to 100');
    expect(new PageNumberPipe(1).transform(text)).toBe(1);
  });
});
