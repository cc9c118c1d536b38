import { describe, expect, it } from 'vitest';
import { ask, cookiesOf, postForm, signedInCookie } from './harness/requests.js';
import { freightDemo, vendorFactor } from './harness/sample-users.js';
import { adapters, useStage } from './harness/stage.js';

describe.each(adapters)('the log on %s', (adapter) => {
  const stage = useStage({ HTTP_ADAPTER: adapter, LOG_LEVEL: 'info' });

  it('has a line of JSON for each request, found by the id that the answer tells', async () => {
    for (const path of ['/sign-in', '/account', '/nothing-is-here', '/api/me']) {
      const response = await ask(stage.app, `${path}?c4nary=query`);
      const id = response.headers.get('x-request-id') ?? '';
      expect(id).toMatch(/^[\w-]{8,}$/);
      const ofIt = () => linesOf(stage.app.stdout()).filter(({ requestId }) => requestId === id);
      // It is written once the answer is out.
      await expect.poll(() => ofIt().some(({ status }) => status === response.status)).toBe(true);
      expect(ofIt().find(({ status }) => status !== undefined)).toMatchObject({ method: 'GET', path });
    }
    expect(stage.app.stdout()).not.toContain('c4nary');
  });

  it('is JSON in every line but the greeting', () => {
    const lines = logIn(stage.app.stdout());
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !isJson(line))).toEqual([]);
    // A name that comes twice is read one way by one reader, and another by the next.
    expect(lines.filter((line) => line.split('"requestId":').length > 2)).toEqual([]);
  });

  it('believes no stranger’s request id', async () => {
    const headers = { 'x-request-id': 'c4nary-request-id' };
    const response = await ask(stage.app, '/sign-in', { headers });
    expect(response.headers.get('x-request-id')).not.toContain('c4nary');
  });

  it('holds nothing that somebody typed, nor what a session is known by', async () => {
    const typed = { ...freightDemo, email: 'c4nary@example.com', password: 'c4nary-password' };
    const last = [
      await postForm(stage.app, '/sign-in?next=/c4nary', { ...typed, next: '/c4nary' }),
      await postForm(stage.app, '/sign-in', { ...vendorFactor, twoFactorCode: '987654' }),
      await ask(stage.app, '/api/auth/lclx/sign-in', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"email":"c4nary@example.com","password":c4nary}',
      }),
      await ask(stage.app, '/api/me', { headers: { authorization: 'Bearer c4nary-token' } }),
      await ask(stage.app, '/api/me', {
        headers: { cookie: 'latchkey=c4nary-session; __Host-latchkey=c4nary' },
      }),
    ].at(-1)!;
    const cookie = await signedInCookie(stage.app, freightDemo);
    const account = await ask(stage.app, '/account', { headers: { cookie } });
    const signedOut = await postForm(stage.app, '/sign-out', {}, { cookie, 'sec-fetch-site': 'same-origin' });
    expect(cookiesOf(signedOut)).toMatch(/=$/);
    for (const response of [last, account, signedOut])
      await expect.poll(() => stage.app.stdout()).toContain(response.headers.get('x-request-id'));
    const id = cookie.split('=')[1]!;
    for (const secret of ['c4nary', '987654', '@example.com', id, ...tokensOf(stage.lclx.requests)])
      expect(`${stage.app.stdout()}${stage.app.stderr()}`).not.toContain(secret);
  });

  it('tells users apart without saying who they are', async () => {
    const userOf = async (cookie: string) => {
      const response = await ask(stage.app, '/account', { headers: { cookie } });
      const id = response.headers.get('x-request-id');
      const line = () =>
        linesOf(stage.app.stdout()).find(({ requestId, status }) => requestId === id && status);
      await expect.poll(line).toBeDefined();
      return line()!.user;
    };
    const first = await userOf(await signedInCookie(stage.app, freightDemo));
    const again = await userOf(await signedInCookie(stage.app, freightDemo));
    const other = await userOf(
      await signedInCookie(stage.app, {
        ...freightDemo,
        email: 'second@example.com',
        password: 'sample-password-2',
      }),
    );
    expect(first).toMatch(/^[\w-]{16,}$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

interface Line {
  readonly requestId?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly user?: string;
}

function linesOf(stdout: string): Line[] {
  return logIn(stdout)
    .filter(isJson)
    .map((line) => JSON.parse(line) as Line);
}

/** The lines but for the block that tells a person at a terminal where the application is. */
function logIn(stdout: string): string[] {
  const lines = stdout.split('\n');
  const start = lines.findIndex((line) => /^\s*Open http/.test(line));
  const end = lines.findIndex((line, index) => index > start && line.startsWith('Stop it'));
  return lines.filter((line, index) => line !== '' && (index < start || index > end));
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

function tokensOf(requests: readonly { readonly headers: Readonly<Record<string, string>> }[]): string[] {
  return requests.flatMap(({ headers }) => headers.authorization?.split(' ')[1] ?? []);
}
