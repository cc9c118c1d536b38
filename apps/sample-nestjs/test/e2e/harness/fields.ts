import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** The field says what is wrong with it: in words, beside it, and to those who hear the page instead of seeing it. */
export async function expectProblemAt(page: Page, field: string, words: RegExp): Promise<void> {
  const input = page.locator(`input[name=${field}]`);
  const problem = page.locator(`#${field}-problem`);
  expect(await problem.innerText()).toMatch(words);
  expect(await problem.isVisible()).toBe(true);
  expect(await input.getAttribute('aria-invalid')).toBe('true');
  expect((await input.getAttribute('aria-describedby'))?.split(' ')).toContain(`${field}-problem`);
}

/** The field says nothing of a problem. */
export async function expectNoProblemAt(page: Page, field: string): Promise<void> {
  expect(await page.locator(`#${field}-problem`).count()).toBe(0);
  expect(await page.locator(`input[name=${field}]`).getAttribute('aria-invalid')).not.toBe('true');
}

/** What stands in a field now. */
export function valueOf(page: Page, field: string): Promise<string> {
  return page.locator(`input[name=${field}]`).first().inputValue();
}

/** The first heading, as it reads. */
export function heading(page: Page): Promise<string> {
  return page.locator('h1').innerText();
}
