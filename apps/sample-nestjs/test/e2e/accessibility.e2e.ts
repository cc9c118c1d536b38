import { AxeBuilder } from '@axe-core/playwright';
import { describe, expect, it } from 'vitest';
import { freightDemo, vendorDemo, vendorFactor, vendorMany } from './harness/sample-users.js';
import { useStage, type Stage } from './harness/stage.js';
import type { Visitor } from './harness/visitor.js';

/** Every kind of page, and how one comes there. */
const pages: Readonly<Record<string, (visitor: Visitor, stage: Stage) => Promise<unknown>>> = {
  'to sign in': (visitor) => visitor.open('/sign-in'),
  'to sign in, after the session has ended': (visitor) => visitor.open('/sign-in?notice=session-ended'),
  'to sign in, with problems': async (visitor) => {
    await visitor.open('/sign-in');
    await visitor.press('Sign in');
  },
  'for the second factor': (visitor) => visitor.signIn(vendorFactor),
  'for the second factor, with a wrong code': async (visitor) => {
    await visitor.signIn(vendorFactor);
    await visitor.page.getByLabel('Password').fill(vendorFactor.password);
    await visitor.page.getByLabel('Code', { exact: true }).fill('654321');
    await visitor.leave(() => visitor.page.getByLabel('Code', { exact: true }).press('Enter'));
  },
  'after too many tries': async (visitor) => {
    const wrong = { ...freightDemo, email: 'nobody@example.com', password: 'c4nary-password' };
    for (let attempt = 1; attempt <= 4; attempt += 1) await visitor.signIn(wrong);
    expect(visitor.watch.page().status()).toBe(429);
  },
  'of an account at Cryptlex': (visitor) => visitor.signIn(vendorDemo),
  'of an account at Cryptlex, the second of many': async (visitor) => {
    await visitor.signIn(vendorMany);
    await visitor.open('/account?page=2');
  },
  'of an account at LCLXchange': (visitor) => visitor.signIn(freightDemo),
  'of an account whose provider is down': async (visitor, { cryptlex }) => {
    await visitor.signIn(vendorDemo);
    cryptlex.set({ fault: 'reset' });
    await visitor.open('/account');
  },
  'of downloads': async (visitor, { cryptlex, productId }) => {
    const product = { id: productId, displayName: 'Licensed', iconUrl: '', description: '' };
    cryptlex.addLicense(vendorDemo.email, { product });
    await visitor.signIn(vendorDemo);
    await visitor.open('/downloads');
    expect(visitor.watch.page().status()).toBe(200);
  },
  'of downloads, refused': async (visitor) => {
    await visitor.signIn(vendorDemo);
    await visitor.open('/downloads');
    expect(visitor.watch.page().status()).toBe(403);
  },
  'where there is nothing': (visitor) => visitor.open('/nothing-is-here'),
  'of the API': (visitor) => openDocs(visitor),
  'of the API, with a route of each kind open': async (visitor) => {
    await openDocs(visitor);
    for (const path of ['/api/auth/{provider}/sign-in', '/api/licenses'])
      await visitor.page.locator('.opblock', { hasText: path }).locator('.opblock-summary-control').click();
    await visitor.page.getByRole('button', { name: 'Try it out' }).last().click();
  },
  'of the API, where one gives a token': async (visitor) => {
    await openDocs(visitor);
    await visitor.page.getByRole('button', { name: 'Authorize' }).first().click();
    await visitor.page.getByRole('dialog').waitFor();
  },
};

describe('axe finds nothing wrong with the page', () => {
  const stage = useStage();

  it.each(Object.keys(pages))('%s', async (name) => {
    const visitor = await stage.visitor({ colorScheme: 'light' });
    await pages[name]!(visitor, stage);
    expect(await violationsOn(visitor)).toEqual([]);
    const light = await background(visitor);
    await visitor.page.emulateMedia({ colorScheme: 'dark' });
    expect(await violationsOn(visitor)).toEqual([]);
    // Else the second look would have been at the same page.
    expect(await background(visitor)).not.toBe(light);
  });
});

async function openDocs(visitor: Visitor): Promise<void> {
  await visitor.open('/docs');
  await visitor.page.locator('.opblock').first().waitFor();
}

/** What is wrong, and with which elements: enough to find them by. */
async function violationsOn({ page }: Visitor): Promise<string[]> {
  // A colour that is still on its way to another would be measured as it passes.
  await page.evaluate('document.getAnimations().forEach((animation) => animation.finish())');
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 200)}: ${failureSummary}`),
  );
}

function background({ page }: Visitor): Promise<string> {
  return page.evaluate<string>(
    '[document.documentElement, document.body].map((element) => getComputedStyle(element).backgroundColor).join()',
  );
}
