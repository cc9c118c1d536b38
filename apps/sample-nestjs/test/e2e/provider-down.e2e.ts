import type { Fault } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { heading, valueOf } from './harness/fields.js';
import { postForm } from './harness/requests.js';
import { freightDemo, type Person, vendorDemo } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';

/** Words for a user, and none for who runs the application. */
const plain = /(?:not|n’t|n't) (?:answer|reach|available|work)|cannot be reached|unavailable|no answer/i;
const technical = /ECONN|socket|undefined|\[object|upstream|127\.0\.0\.1|stack|Error:/;

const signInFaults: readonly (readonly [Fault, Person])[] = [
  ['unavailable', vendorDemo],
  ['reset', freightDemo],
];

describe.each(adapters)('a provider that is down, on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it.each(signInFaults)('at the sign-in (%s): says so and keeps the address', async (fault, person) => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      stage[person.provider].set({ fault });
      const response = await visitor.signIn(person);
      expect([502, 503]).toContain(response.status());
      const problem = await visitor.page.locator('#problem[role=alert]').innerText();
      expect(problem).toMatch(plain);
      expect(problem).toContain(person.provider === 'cryptlex' ? 'Cryptlex' : 'LCLXchange');
      expect(await visitor.text()).not.toMatch(technical);
      expect(await valueOf(visitor.page, 'email')).toBe(person.email);
      expect(await valueOf(visitor.page, 'password')).toBe('');
      stage[person.provider].set({ fault: undefined });
      await visitor.signInHere(person);
      expect(visitor.where()).toBe('/account');
    });

    it.each([vendorDemo, freightDemo])(
      'after the sign-in at $provider: the account page says who is signed in, and what is missing',
      async (person) => {
        const visitor = await stage.visitor({ javaScriptEnabled });
        await visitor.signIn(person);
        stage[person.provider].set({ fault: 'reset' });
        const response = await visitor.open('/account');
        expect(response.status()).toBe(200);
        expect(await heading(visitor.page)).toMatch(/Sample User|Your account/);
        const text = await visitor.text();
        expect(text).toContain(person.email);
        expect(text).toMatch(plain);
        expect(text).not.toMatch(technical);
        expect(await visitor.page.locator('[data-status], tbody tr').count()).toBe(0);
        expect(await visitor.page.getByRole('button', { name: 'Sign out', exact: true }).count()).toBe(1);
        stage[person.provider].set({ fault: undefined });
        await visitor.open('/account');
        expect(await visitor.page.locator('[data-status], tbody tr').count()).toBeGreaterThan(0);
      },
    );

    it('does not take who has no answer for who has no licence', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorDemo);
      stage.cryptlex.set({ fault: 'reset' });
      const response = await visitor.open('/downloads');
      expect([502, 503]).toContain(response.status());
      expect(await heading(visitor.page)).not.toBe('A licence is needed');
      expect(await visitor.text()).toMatch(plain);
      expect(await visitor.text()).not.toMatch(technical);
    });

    it('signs out without it', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(freightDemo);
      stage.lclx.set({ fault: 'reset' });
      await visitor.open('/account');
      await visitor.press('Sign out');
      expect(new URL(visitor.page.url()).pathname).toBe('/sign-in');
      expect(await visitor.context.cookies()).toEqual([]);
    });
  });

  it.each(['html-500', 'wrong-shape', 'garbage', 'truncated-json'] as const)(
    'that answers nonsense (%s) is one that does not answer, and nothing of the nonsense is shown',
    async (fault) => {
      stage.lclx.set({ fault });
      const response = await postForm(stage.app, '/sign-in', { ...freightDemo });
      const html = await response.text();
      expect([502, 503]).toContain(response.status);
      expect(html).toMatch(plain);
      expect(html).not.toMatch(/unexpected|password-1|<center>/);
      expect(response.headers.getSetCookie()).toEqual([]);
    },
  );
});
