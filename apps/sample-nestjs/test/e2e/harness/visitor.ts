import type { Browser, BrowserContext, BrowserContextOptions, Page, Response } from 'playwright-core';
import { type PageWatch, watchPage } from './page-watch.js';
import type { Person } from './sample-users.js';

/** Somebody at a browser: cookies and storage of their own, one page. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly watch: PageWatch;
  /** Where the visitor is: path and query. */
  where(): string;
  /** Enters an address, and gives the answer that the page is, after all redirects. */
  open(path: string): Promise<Response>;
  /** Does what makes the browser load another page, and gives the answer that page is. */
  leave(action: () => Promise<unknown>): Promise<Response>;
  /** Presses a button that leads to another page. */
  press(button: string): Promise<Response>;
  /** Fills in the form to sign in, on the page that is open. */
  fillIn(person: Partial<Person>): Promise<void>;
  /** Signs in on the page that is open. */
  signInHere(person: Person): Promise<Response>;
  /** Opens the page to sign in, and does. */
  signIn(person: Person): Promise<Response>;
  /** What stands in the page to read. */
  text(): Promise<string>;
}

export type VisitorOptions = Pick<BrowserContextOptions, 'javaScriptEnabled' | 'colorScheme' | 'viewport'>;

/** A visitor who has not been here before. */
export async function newVisitor(
  browser: Browser,
  origin: string,
  options: VisitorOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: origin, ...options });
  context.setDefaultTimeout(5_000);
  const page = await context.newPage();
  const watch = await watchPage(context, page, origin);

  const visitor: Visitor = {
    page,
    context,
    watch,
    where() {
      const { pathname, search } = new URL(page.url());
      return `${pathname}${search}`;
    },
    async open(path) {
      await page.goto(path);
      await watch.look();
      return watch.page();
    },
    async leave(action) {
      await Promise.all([page.waitForEvent('load'), action()]);
      await watch.look();
      return watch.page();
    },
    press: (name) => visitor.leave(() => page.getByRole('button', { name, exact: true }).click()),
    async fillIn({ provider, email, password }) {
      if (provider !== undefined) await page.locator(`input[name=provider][value=${provider}]`).check();
      if (email !== undefined) await page.getByLabel('E-mail address').fill(email);
      if (password !== undefined) await page.getByLabel('Password').fill(password);
    },
    async signInHere(person) {
      await visitor.fillIn(person);
      return visitor.press('Sign in');
    },
    async signIn(person) {
      await visitor.open('/sign-in');
      return visitor.signInHere(person);
    },
    text: () => page.locator('body').innerText(),
  };
  return visitor;
}
