import type { Identity } from '@latchkey/core';
import { htmlEscape } from 'escape-goat';

/** The form, one button for each provider. What was typed is kept, but for passwords and codes. */
export function signInPage(options: {
  readonly providers: readonly { readonly name: string }[];
  readonly next: string;
  readonly problem?: string;
  readonly email?: string | undefined;
}): string {
  const { providers, next, problem, email = '' } = options;
  const buttons = providers.map(
    ({ name }) => htmlEscape`<button formaction="/auth/${name}">Sign in with ${name}</button>`,
  );
  const alert = problem === undefined ? '' : htmlEscape`<p role="alert">${problem}</p>`;
  return page(
    'Sign in',
    `${alert}
    <form method="post">
      <p><label>E-mail address <input name="email" type="email" autocomplete="username" required
        ${htmlEscape`value="${email}"`}></label></p>
      <p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
      <p><label>Second-factor code, if the account has one
        <input name="twoFactorCode" inputmode="numeric" autocomplete="one-time-code"></label></p>
      <input name="next" type="hidden" ${htmlEscape`value="${next}"`}>
      <p>${buttons.join(' ')}</p>
    </form>`,
  );
}

/** Who is signed in. */
export function accountPage({ name, email, provider }: Identity): string {
  const links = provider === 'cryptlex' ? ['/api/licenses', 'Licences'] : ['/api/routes', 'Routes'];
  return page(
    'Account',
    htmlEscape`<p>Signed in with ${provider} as ${name ?? ''} &lt;${email ?? ''}&gt;.</p>
    <p><a href="/api/me">Who am I</a> <a href="${links[0] ?? ''}">${links[1] ?? ''}</a></p>
    <form method="post" action="/sign-out"><button>Sign out</button></form>`,
  );
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
  <body><main><h1>${title}</h1>
    ${content}
  </main></body>
</html>
`;
}
