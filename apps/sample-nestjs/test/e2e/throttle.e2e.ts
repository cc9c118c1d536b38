import { describe, expect, it } from 'vitest';
import { postForm } from './harness/requests.js';
import { freightDemo, freightSecond, vendorDemo } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';
import { valueOf } from './harness/fields.js';

describe.each(adapters)('too many wrong passwords on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  // An account of its own for each way: what one uses up the other must not miss.
  describe.each(ways.map((way, index) => ({ ...way, person: [vendorDemo, freightDemo][index]! })))(
    '$way',
    ({ javaScriptEnabled, person }) => {
      it('says how long to wait, and keeps even the right password from the provider', async () => {
        const visitor = await stage.visitor({ javaScriptEnabled });
        await visitor.open('/sign-in');
        const tries: number[] = [];
        for (const attempt of [1, 2, 3])
          tries.push(
            (await visitor.signInHere({ ...person, password: `c4nary-password-${attempt}` })).status(),
          );
        expect(tries).toEqual([401, 401, 401]);
        const asked = stage[person.provider].requests.length;
        const response = await visitor.signInHere(person);
        expect(response.status()).toBe(429);
        expect(stage[person.provider].requests.length).toBe(asked);
        const seconds = Number(response.headers()['retry-after']);
        expect(seconds).toBeGreaterThan(200);
        expect(seconds).toBeLessThanOrEqual(300);
        // In words that somebody can go by, and that agree with the header.
        const problem = await visitor.page.locator('#problem[role=alert]').innerText();
        expect(problem).toMatch(/wait|again in|try again/i);
        const [, minutes] = /\b(\d+) minutes?\b/.exec(problem) ?? [];
        expect(Math.abs(Number(minutes) * 60 - seconds)).toBeLessThanOrEqual(60);
        expect(await valueOf(visitor.page, 'email')).toBe(person.email);
        expect(await valueOf(visitor.page, 'password')).toBe('');
      });

      it('keeps nobody else out', async () => {
        const visitor = await stage.visitor({ javaScriptEnabled });
        await visitor.signIn(freightSecond);
        expect(visitor.where()).toBe('/account');
      });
    },
  );

  it('answers for an address that nobody has as for one that somebody has', async () => {
    const statuses: number[] = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const fields = { ...vendorDemo, email: 'nobody@example.com', password: `c4nary-password-${attempt}` };
      statuses.push((await postForm(stage.app, '/sign-in', fields)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429]);
  });
});
