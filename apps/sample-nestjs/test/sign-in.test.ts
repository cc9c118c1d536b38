import { errorCodes, LatchkeyError } from '@latchkey/core';
import { toHttpAnswer } from '@latchkey/core/http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { problemWords } from '../src/pages/problem-words.js';
import { problemsOf, readSignInForm } from '../src/pages/sign-in.form.js';
import { signInModel } from '../src/pages/sign-in.model.js';
import { signInProblem } from '../src/pages/sign-in-problem.js';

const providers = ['cryptlex', 'lclx'];
const typed = {
  provider: 'cryptlex',
  email: 'user@example.com',
  password: 'correct horse',
  next: '/account',
};

describe('the sign-in form', () => {
  it('takes any body, and makes text of it: lists, numbers and objects count as empty', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        const form = readSignInForm(body);
        for (const value of Object.values(form)) expect(typeof value).toBe('string');
      }),
    );
    const odd = { provider: ['cryptlex'], email: { a: 1 }, password: 7, twoFactorCode: ['1'], next: null };
    expect(readSignInForm(odd)).toEqual({
      provider: '',
      email: '',
      password: '',
      twoFactorCode: '',
      next: '',
    });
  });

  it('keeps a password as it was typed, and no space around an address or in a code', () => {
    const form = readSignInForm({
      ...typed,
      email: ' user@example.com ',
      password: ' a b ',
      twoFactorCode: '123 4-56',
    });
    expect(form).toMatchObject({ email: 'user@example.com', password: ' a b ', twoFactorCode: '123456' });
  });

  it('is in its first step without a field for the code, and in its second with one that is empty', () => {
    expect(readSignInForm(typed)).not.toHaveProperty('twoFactorCode');
    expect(problemsOf(readSignInForm(typed), providers)).toBeUndefined();
    expect(problemsOf(readSignInForm({ ...typed, twoFactorCode: '' }), providers)).toEqual({
      twoFactorCode: expect.any(String) as string,
    });
  });

  it('says of each field what is wrong with it', () => {
    expect(Object.keys(problemsOf(readSignInForm({}), providers) ?? {})).toEqual([
      'provider',
      'email',
      'password',
    ]);
    expect(problemsOf({ ...typed, twoFactorCode: '12345' }, providers)?.twoFactorCode).toContain(
      'six digits',
    );
    expect(problemsOf({ ...typed, provider: '__proto__' }, providers)).toHaveProperty('provider');
    expect(problemsOf({ ...typed, email: 'user' }, providers)?.email).toContain('name@example.com');
  });
});

describe('what the page shows', () => {
  it('has neither password nor code in it, whatever was typed', () => {
    const form = { ...typed, password: 'canary-password', twoFactorCode: 'canary-code' };
    expect(JSON.stringify(signInModel(form, providers, { form: 'A problem.' }))).not.toContain('canary');
  });

  it('leads to local paths only', () => {
    fc.assert(
      fc.property(fc.string(), (next) => {
        const model = signInModel({ ...typed, next }, providers) as { next: string };
        expect(new URL(model.next, 'https://app.example').origin).toBe('https://app.example');
      }),
    );
  });

  it('puts the cursor into the first field that has to change', () => {
    const focus = (fields: object) => (signInModel(typed, providers, { fields }) as { focus?: object }).focus;
    expect(focus({ password: 'x', email: 'y' })).toEqual({ email: true });
    expect(focus({ twoFactorCode: 'x' })).toEqual({ twoFactorCode: true });
  });

  it('has the only provider chosen', () => {
    expect(signInModel({ ...typed, provider: '' }, ['lclx'])).toMatchObject({
      providers: [{ name: 'lclx', isChosen: true }],
    });
  });
});

describe('what went wrong, in words', () => {
  it.each(errorCodes)('%s is told at a field or above the form, on the page that signs in', (code) => {
    const { fields, form } = signInProblem(toHttpAnswer(new LatchkeyError(code)), 'Cryptlex');
    const told = [form, ...Object.values(fields ?? {})].filter((text) => text !== undefined);
    // This one is no problem: it leads to the second step.
    expect(told).toHaveLength(code === 'second_factor_required' ? 0 : 1);
    for (const text of told) expect(text).toMatch(/^[A-Z][^_]+\.$/);
  });

  it.each(errorCodes)('%s has a title and a sentence on any other page', (code) => {
    const { title, text } = problemWords(code);
    expect(title).toMatch(/^[A-Z][^_.]+$/);
    expect(text).toMatch(/^[A-Z][^_]+\.$/);
  });

  it('says how long to wait, where that is known', () => {
    const answer = toHttpAnswer(new LatchkeyError('rate_limited', { retryAfterMs: 240_000 }));
    expect(signInProblem(answer, 'Cryptlex').form).toContain('in 4 minutes');
    const unknown = toHttpAnswer(new LatchkeyError('rate_limited'));
    expect(signInProblem(unknown, 'Cryptlex').form).toContain('later');
  });
});
