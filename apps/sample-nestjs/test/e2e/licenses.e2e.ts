import { describe, expect, it } from 'vitest';
import { ask, signedInCookie } from './harness/requests.js';
import { vendorDemo, vendorMany } from './harness/sample-users.js';
import { adapters, useStage, ways } from './harness/stage.js';
import type { Visitor } from './harness/visitor.js';

describe.each(adapters)('licences over pages, on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  describe.each(ways)('$way', ({ javaScriptEnabled }) => {
    it('leads from page to page and back, each with other licences', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorMany);
      const first = await licencesOn(visitor);
      expect(first.length).toBeGreaterThan(1);
      expect(await linksOn(visitor)).toEqual(['Next']);
      await follow(visitor, 'Next');
      expect(visitor.where()).toBe('/account?page=2');
      const second = await licencesOn(visitor);
      expect(second.length).toBe(first.length);
      expect(second.filter((licence) => first.includes(licence))).toEqual([]);
      expect(await linksOn(visitor)).toEqual(['Next', 'Previous']);
      await follow(visitor, 'Previous');
      expect(await licencesOn(visitor)).toEqual(first);
    });

    it('ends where the licences end', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorMany);
      const perPage = (await licencesOn(visitor)).length;
      const last = Math.ceil(237 / perPage);
      await visitor.open(`/account?page=${last}`);
      expect((await licencesOn(visitor)).length).toBe(237 - (last - 1) * perPage);
      expect(await linksOn(visitor)).toEqual(['Previous']);
    });

    it('says of a page beyond the last that nothing is there, and leads back', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorDemo);
      const response = await visitor.open('/account?page=99');
      expect(response.status()).toBe(200);
      expect(await licencesOn(visitor)).toEqual([]);
      expect(await visitor.page.locator('main').innerText()).toMatch(/no (?:more|licen[cs]es)|no such page/i);
      await visitor.leave(() => visitor.page.locator('main a[href^="/account"]').first().click());
      expect((await licencesOn(visitor)).length).toBe(6);
    });

    it('has no pager where one page holds them all', async () => {
      const visitor = await stage.visitor({ javaScriptEnabled });
      await visitor.signIn(vendorDemo);
      expect(await linksOn(visitor)).toEqual([]);
    });
  });

  it.each(['0', '-1', '1.5', 'abc', '1e9', '99999999999999999999', '%00', '<b>c4nary', '2&page=3'])(
    'does not fail for ?page=%s, nor ask for more than there is',
    async (page) => {
      const cookie = await signedInCookie(stage.app, vendorDemo);
      stage.cryptlex.requests.length = 0;
      const response = await ask(stage.app, `/account?page=${page}`, { headers: { cookie } });
      expect([200, 400, 404]).toContain(response.status);
      expect(await response.text()).not.toContain('<b>c4nary');
      expect(stage.cryptlex.requests.length).toBeLessThan(5);
    },
  );
});

/** The licences as they read, and where each leads or what names it. */
async function licencesOn({ page }: Visitor): Promise<string[]> {
  return page
    .locator('[data-status]')
    .evaluateAll((licences: { outerHTML: string }[]) => licences.map(({ outerHTML }) => outerHTML));
}

async function linksOn({ page }: Visitor): Promise<string[]> {
  const pager = page.getByRole('navigation', { name: 'Pages' });
  const names = await Promise.all(
    ['Next', 'Previous'].map(async (name) =>
      (await pager.getByRole('link', { name }).count()) > 0 ? name : '',
    ),
  );
  return names.filter((name) => name !== '');
}

async function follow(visitor: Visitor, name: string): Promise<void> {
  const pager = visitor.page.getByRole('navigation', { name: 'Pages' });
  await visitor.leave(() => pager.getByRole('link', { name }).click());
}
