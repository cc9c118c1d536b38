import { describe, expect, it } from 'vitest';
import { freightDemo, vendorFactor } from './harness/sample-users.js';
import { adapters, useStage } from './harness/stage.js';
import type { Visitor } from './harness/visitor.js';

/** No form of ours has more stops than that. */
const stopsAtMost = 15;

describe.each(adapters)('the keyboard alone, on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter });

  it('signs in', async () => {
    const visitor = await stage.visitor();
    const { keyboard } = visitor.page;
    await visitor.open('/sign-in');
    await tabTo(visitor, 'provider');
    // Within a group of radio buttons one goes by arrows.
    for (let presses = 0; presses < 2 && (await focused(visitor, 'value')) !== 'lclx'; presses += 1)
      await keyboard.press('ArrowDown');
    expect(await focused(visitor, 'value')).toBe('lclx');
    await tabTo(visitor, 'email');
    await keyboard.type(freightDemo.email);
    await tabTo(visitor, 'password');
    await keyboard.type(freightDemo.password);
    await visitor.leave(() => keyboard.press('Enter'));
    expect(visitor.where()).toBe('/account');
    expect(await visitor.text()).toContain('Example Freight');
  });

  it('signs out', async () => {
    const visitor = await stage.visitor();
    await visitor.signIn(freightDemo);
    for (let stops = 0; stops < 30 && (await focused(visitor, 'textContent')) !== 'Sign out'; stops += 1)
      await visitor.page.keyboard.press('Tab');
    await visitor.leave(() => visitor.page.keyboard.press('Enter'));
    expect(new URL(visitor.page.url()).pathname).toBe('/sign-in');
  });

  it('skips to what the page is about', async () => {
    const visitor = await stage.visitor();
    await visitor.signIn(freightDemo);
    await visitor.page.keyboard.press('Tab');
    const link = visitor.page.locator(':focus');
    expect(await link.innerText()).toMatch(/skip/i);
    const box = await link.boundingBox();
    expect(box!.width * box!.height).toBeGreaterThan(100);
    expect(box!.x).toBeGreaterThanOrEqual(0);
    expect(box!.y).toBeGreaterThanOrEqual(0);
    const target = await link.getAttribute('href');
    expect(target).toMatch(/^#./);
    await visitor.page.keyboard.press('Enter');
    expect(await visitor.page.locator(`main${target}, main ${target}`).count()).toBe(1);
    // The next stop lies within.
    await visitor.page.keyboard.press('Tab');
    expect(await visitor.page.locator('main :focus').count()).toBe(1);
  });

  it('shows where it is, at every stop', async () => {
    const visitor = await stage.visitor();
    await visitor.open('/sign-in');
    for (let stop = 0; stop < 6; stop += 1) {
      await visitor.page.keyboard.press('Tab');
      const shown = await visitor.page.evaluate<string>(
        '(({ outlineStyle, outlineWidth, boxShadow }) => [outlineStyle === "none" ? "0px" : outlineWidth, boxShadow].join("|"))' +
          '(getComputedStyle(document.activeElement))',
      );
      expect(shown).not.toBe('0px|none');
    }
  });

  it('comes to the first field that is wrong', async () => {
    const visitor = await stage.visitor();
    await visitor.open('/sign-in');
    await visitor.press('Sign in');
    await expectFocusOnFirstProblem(visitor);
  });

  it('comes to the password that is wrong', async () => {
    const visitor = await stage.visitor();
    await visitor.signIn({ ...freightDemo, password: 'c4nary-password' });
    await expectFocusOnFirstProblem(visitor);
    expect(await focused(visitor, 'name')).toBe('password');
  });

  it('comes to the first field of the second step', async () => {
    const visitor = await stage.visitor();
    await visitor.signIn(vendorFactor);
    await expect.poll(() => focused(visitor, 'name')).toBe('password');
  });
});

function focused({ page }: Visitor, property: string): Promise<string | undefined> {
  return page.evaluate<string | undefined>(`document.activeElement?.${property}?.trim?.()`);
}

async function tabTo(visitor: Visitor, name: string): Promise<void> {
  for (let stops = 0; stops < stopsAtMost; stops += 1) {
    if ((await focused(visitor, 'name')) === name) return;
    await visitor.page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to the field ${name}.`);
}

/** The first field that is wrong has the focus; browsers give it a moment after the page is there. */
async function expectFocusOnFirstProblem({ page }: Visitor): Promise<void> {
  const wrong = "document.querySelector('[aria-invalid=true]')";
  expect(await page.evaluate<boolean>(`${wrong} !== null`)).toBe(true);
  await expect.poll(() => page.evaluate<boolean>(`document.activeElement === ${wrong}`)).toBe(true);
}
