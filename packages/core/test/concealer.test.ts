import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { concealer } from '../src/concealer.js';

const concealed = concealer('token', 'spare');

describe('concealer', () => {
  const object = concealed({ name: 'acme', list: [1] }, { token: 'c4nary', spare: undefined });

  it('gives every field by name', () => {
    expect(object.token).toBe('c4nary');
    expect(object.spare).toBeUndefined();
    expect(object.name).toBe('acme');
  });

  it.each<[string, (value: object) => unknown]>([
    ['JSON', (value) => JSON.stringify(value)],
    ['spreading', (value) => JSON.stringify({ ...value })],
    ['Object.assign', (value) => JSON.stringify(Object.assign({}, value))],
    ['structuredClone', (value) => JSON.stringify(structuredClone({ ...value }))],
    [
      'keys, values and entries',
      (value) => inspect([Object.keys(value), Object.values(value), Object.entries(value)]),
    ],
    [
      'for in',
      (value) => {
        const seen = [];
        for (const key in value) seen.push(key, (value as Record<string, unknown>)[key]);
        return inspect(seen);
      },
    ],
    ['inspect', (value) => inspect(value)],
    [
      'inspect of everything',
      (value) => inspect(value, { showHidden: true, getters: true, depth: Infinity }),
    ],
    [
      'inspect inside something else',
      (value) => inspect({ in: [value] }, { showHidden: true, getters: true, depth: 9 }),
    ],
    ['JSON inside something else', (value) => JSON.stringify({ in: [value] })],
  ])('F3: %s does not show a secret field', (_, show) => {
    expect(show(object)).not.toContain('c4nary');
  });

  it('prints the fields that are shown', () => {
    expect(inspect(object)).toBe("{ name: 'acme', list: [ 1 ] }");
    expect(JSON.stringify(object)).toBe('{"name":"acme","list":[1]}');
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(object)).toBe(true);
    expect(() => Object.assign(object, { token: 'other' })).toThrow(TypeError);
    expect(() => Object.defineProperty(object, 'token', { enumerable: true })).toThrow(TypeError);
  });

  it('does not take part in later changes of what it was made from', () => {
    const shown = { name: 'acme' };
    const made = concealed(shown, {});
    shown.name = 'other';
    expect(made.name).toBe('acme');
    expect(inspect(made)).toContain('acme');
  });
});
