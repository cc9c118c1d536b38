import { isLatchkeyError, LatchkeyError, type Provider, type Session, type Sessions } from '@latchkey/core';
import { checkSameOrigin, createSessionCookies, safeNext, type CookieOptions } from '@latchkey/core/http';
import { answerOf, errorHandler, SessionStrategy, Strategy } from '@latchkey/passport-strategy';
import { cryptlexClient, licenseStatus } from '@latchkey/provider-cryptlex';
import { lclxClient } from '@latchkey/provider-lclx';
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import passports from 'passport';
import { accountPage, signInPage } from './pages.js';

/** An application whose users sign in with the accounts that they have at `providers`. */
export function createApp(options: {
  readonly providers: readonly Provider[];
  readonly sessions: Sessions;
  readonly cookie?: CookieOptions;
}): Express {
  const { providers, sessions, cookie } = options;
  const cookies = createSessionCookies(cookie);
  const passport = new passports.Passport();
  for (const provider of providers) passport.use(new Strategy({ provider, sessions, cookie }));
  passport.use(new SessionStrategy({ sessions, cookie }));
  // With `failWithError` all answers to failures are made in one place, `onError`.
  const authenticate = (strategy: string) =>
    passport.authenticate(strategy, { session: false, failWithError: true }) as RequestHandler;
  const signedIn = authenticate('latchkey-session');

  const app = express();
  app.use(helmet(headers), express.json(), express.urlencoded({ extended: false }));

  app.post(
    '/auth/:provider',
    (req, res, next) => {
      const { provider } = req.params;
      if (!providers.some(({ name }) => name === provider)) throw new LatchkeyError('unknown_provider');
      authenticate(provider)(req, res, next);
    },
    (req, res) => {
      const { id, session } = signedInOf(req);
      res.set('Cache-Control', 'no-store').append('Set-Cookie', cookies.set(id));
      if (isForm(req)) res.redirect(303, safeNext(fieldOf(req, 'next')));
      else res.json({ identity: session.identity, expiresAt: session.expiresAt });
    },
  );

  app.post('/sign-out', async (req, res) => {
    checkSameOrigin(req);
    res.append('Set-Cookie', cookies.clear()); // whatever becomes of the store
    const id = cookies.read(req.headers);
    if (id !== undefined) await sessions.signOut(id);
    if (isForm(req)) res.redirect(303, '/');
    else res.status(204).end();
  });

  app.get('/', async (req, res) => {
    const session = await sessions.get(cookies.read(req.headers) ?? '');
    res.set('Cache-Control', 'no-store');
    res.send(
      session ? accountPage(session.identity) : signInPage({ providers, next: safeNext(req.query['next']) }),
    );
  });

  app.use('/api', signedIn, (_, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.get('/api/me', (req, res) => void res.json(req.user));
  app.get('/api/licenses', async (req, res) => {
    const licenses = await cryptlexClient(sessionOf(req, 'cryptlex')).licenses().toArray({ max: 100 });
    res.json(licenses.map((license) => ({ ...license, status: licenseStatus(license) })));
  });
  app.get('/api/routes', async (req, res) => {
    res.json(await lclxClient(sessionOf(req, 'lclx')).routes());
  });

  const answerJson = errorHandler({ cookie });
  const onError: ErrorRequestHandler = (error, req, res, next) => {
    const isPassports = error instanceof Error && error.name === 'AuthenticationError';
    if (!isForm(req) || !(isPassports || isLatchkeyError(error))) {
      answerJson(error, req, res, next);
      return;
    }
    const { status, headers, body } = answerOf(req, error);
    // Nothing of what another site put in is shown.
    const email = body.error === 'csrf_rejected' ? undefined : fieldOf(req, 'email');
    res.status(status).set(headers);
    res.send(signInPage({ providers, next: safeNext(fieldOf(req, 'next')), problem: body.message, email }));
  };
  return app.use(onError);
}

const headers: HelmetOptions = {
  // Links are relative, and on a developer's machine there is no https to go over to.
  contentSecurityPolicy: { directives: { defaultSrc: ["'self'"], upgradeInsecureRequests: null } },
  // With none at all browsers send `Origin: null`, by which old ones, that tell no `Sec-Fetch-Site`, are told from other sites.
  referrerPolicy: { policy: 'same-origin' },
};

function signedInOf(req: Request): { readonly id: string; readonly session: Session } {
  return req.authInfo as { readonly id: string; readonly session: Session };
}

/** The session of this request, whose tokens are for `provider` only. */
function sessionOf(req: Request, provider: string): Session {
  const { session } = signedInOf(req);
  if (session.provider === provider) return session;
  throw new LatchkeyError('provider_not_allowed');
}

/** A field of a form, where it is text: one that comes twice is a list. */
function fieldOf(req: Request, name: string): string | undefined {
  const value = (req.body as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}

function isForm(req: Request): boolean {
  return req.is('urlencoded') === 'urlencoded';
}
