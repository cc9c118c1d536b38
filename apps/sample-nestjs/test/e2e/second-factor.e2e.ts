import { describe, expect, it } from 'vitest';
import { expectProblemAt, heading, valueOf } from './harness/fields.js';
import { vendorFactor } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';

describe.each(adapters)('the second factor on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it('asks for the code, and for the password again, which the page does not hold', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      const response = await visitor.signIn(vendorFactor);
      expect(response.status()).toBe(401);
      expect(await heading(visitor.page)).toBe('Enter your code');
      expect(await valueOf(visitor.page, 'email')).toBe(vendorFactor.email);
      expect(await valueOf(visitor.page, 'password')).toBe('');
      expect(await visitor.page.content()).not.toContain(vendorFactor.password);
      const code = visitor.page.getByLabel('Code', { exact: true });
      expect(await code.getAttribute('autocomplete')).toBe('one-time-code');
      expect(await code.getAttribute('inputmode')).toBe('numeric');
      // Nobody has done anything wrong yet.
      expect(await code.getAttribute('aria-invalid')).not.toBe('true');
      expect(await visitor.context.cookies()).toEqual([]);
    });

    it('says beside the code that it is wrong, and then takes the right one', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.open('/sign-in?next=/downloads');
      await visitor.signInHere(vendorFactor);
      const enter = async (code: string) => {
        await visitor.page.getByLabel('Password').fill(vendorFactor.password);
        await visitor.page.getByLabel('Code', { exact: true }).fill(code);
        return visitor.leave(() => visitor.page.getByLabel('Code', { exact: true }).press('Enter'));
      };
      const wrong = await enter('654321');
      expect(wrong.status()).toBe(401);
      await expectProblemAt(visitor.page, 'twoFactorCode', /code/i);
      expect(await valueOf(visitor.page, 'email')).toBe(vendorFactor.email);
      expect(await valueOf(visitor.page, 'password')).toBe('');
      expect(await valueOf(visitor.page, 'twoFactorCode')).toBe('');
      await enter(vendorFactor.code);
      expect(visitor.where()).toBe('/downloads');
      await visitor.open('/account');
      expect(await visitor.text()).toContain(vendorFactor.email);
      expect(await visitor.page.locator('[data-status]').count()).toBe(1);
    });

    it.each(['12345', '1234567', 'abcdef'])(
      'says beside the code that %s is none, and sends nothing',
      async (code) => {
        const visitor = await stage.visitor({ javaScriptEnabled });
        await visitor.signIn(vendorFactor);
        const sent = stage.cryptlex.requests.length;
        await visitor.page.getByLabel('Password').fill(vendorFactor.password);
        await visitor.page.getByLabel('Code', { exact: true }).fill(code);
        await visitor.leave(() => visitor.page.getByLabel('Code', { exact: true }).press('Enter'));
        await expectProblemAt(visitor.page, 'twoFactorCode', /six digits/);
        expect(stage.cryptlex.requests.length).toBe(sent);
      },
    );

    it('has a way back, for who wants to sign in as somebody else', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorFactor);
      await visitor.leave(() => visitor.page.locator('main a[href^="/sign-in"]').first().click());
      expect(await heading(visitor.page)).toBe('Sign in');
      expect(await visitor.page.getByLabel('E-mail address').isEditable()).toBe(true);
    });
  });
});
