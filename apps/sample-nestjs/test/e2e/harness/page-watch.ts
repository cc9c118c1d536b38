import type { BrowserContext, Page, Response } from 'playwright-core';

/** What goes on in the pages of one visitor, beside what is shown. */
export interface PageWatch {
  /** What must not be: errors in the console, violations of the policy, headers that are missing, cookies that scripts can read. */
  readonly problems: string[];
  /** Everything that a page held when it was looked at: HTML and storage. */
  readonly seen: string[];
  /** The answer that the page in the main frame is. */
  page(): Response;
  /** Looks at the page as it is now. */
  look(): Promise<void>;
}

/** Watches a page from before its first request; `origin` is that of the application, whose headers count. */
export async function watchPage(context: BrowserContext, page: Page, origin: string): Promise<PageWatch> {
  const problems: string[] = [];
  const seen: string[] = [];
  let shown: Response | undefined;

  // A browser without scripts says it in the console, too; one with scripts might be kept from it by a page's own.
  await context.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('Violation of ' + event.violatedDirective))",
  );
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    // The console repeats the status of the page itself, which is for the tests to judge.
    if (message.text().startsWith('Failed to load resource') && message.location().url === shown?.url())
      return;
    problems.push(`${page.url()}: ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => void problems.push(`${page.url()}: ${error.message}`));
  page.on('requestfailed', (request) => {
    // Whoever leaves a page before its last image has come has done nothing wrong.
    if (request.failure()?.errorText === 'net::ERR_ABORTED') return;
    problems.push(`${request.url()}: ${request.failure()?.errorText ?? 'failed'}`);
  });
  page.on('response', (response) => {
    const request = response.request();
    if (!request.isNavigationRequest() || request.frame() !== page.mainFrame()) return;
    if (response.status() >= 300 && response.status() < 400) return;
    shown = response;
    if (new URL(response.url()).origin === origin)
      problems.push(...headerProblems(response.headers(), response.url()));
  });

  return {
    problems,
    seen,
    page() {
      if (shown === undefined) throw new Error('No page was opened yet.');
      return shown;
    },
    async look() {
      // All at once: the page, what is kept for scripts, and the cookies that they can read.
      const [html, kept, cookie] = await page.evaluate<[string, string, string]>(
        '[document.documentElement.outerHTML, JSON.stringify([{ ...localStorage }, { ...sessionStorage }]), document.cookie]',
      );
      if (cookie !== '') problems.push(`${page.url()}: scripts can read the cookie ${cookie}`);
      seen.push(html, kept);
    },
  };
}

/** What is wrong with the headers of a page. */
export function headerProblems(headers: Readonly<Record<string, string>>, url: string): string[] {
  const policy = headers['content-security-policy'] ?? '';
  const rules: Readonly<Record<string, boolean>> = {
    'no Content-Security-Policy': policy === '',
    'unsafe-inline': policy.includes("'unsafe-inline'"),
    'unsafe-eval': policy.includes("'unsafe-eval'"),
    'can be framed': !/(?:^|;)\s*frame-ancestors 'none'\s*(?:;|$)/.test(policy),
    'other base URLs': !/(?:^|;)\s*base-uri '(?:none|self)'/.test(policy),
    'type is guessed': headers['x-content-type-options'] !== 'nosniff',
    'gives its address to others': !/^(?:no-referrer|same-origin|strict-origin)/.test(
      headers['referrer-policy'] ?? '',
    ),
    'says what made it': 'x-powered-by' in headers,
    'may be kept': isPrivate(url) && !/\bno-store\b/.test(headers['cache-control'] ?? ''),
  };
  return Object.entries(rules).flatMap(([rule, broken]) => (broken ? [`${url}: ${rule}`] : []));
}

function isPrivate(url: string): boolean {
  return /^\/(?:account|downloads|sign-in|api)(?:\/|$)/.test(new URL(url).pathname);
}
