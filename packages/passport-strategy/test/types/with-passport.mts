// An application with the types of Passport and Express. Compiled by a test, never run.
import { createSessions, type Identity } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { lclx } from '@latchkey/provider-lclx';
import { answer, errorHandler, SessionStrategy, Strategy } from '@latchkey/passport-strategy';
import express, { type Request } from 'express';
import passport from 'passport';

declare global {
  namespace Express {
    interface User extends Identity {}
  }
}

const provider = fakeProvider();
const sessions = createSessions({ providers: [provider] });
const app = express();

passport.use(new Strategy({ provider }));
passport.use('named', new Strategy({ provider, sessions }));
passport.use(new SessionStrategy({ sessions }));
passport.use(
  new Strategy(
    { provider, passReqToCallback: true, client: (request: Request) => request.ip },
    (request, result) => {
      const tenant: string | undefined = request.get('x-tenant');
      return { tenant, ...result.identity };
    },
  ),
);
passport.use(
  new SessionStrategy({ sessions, passReqToCallback: true }, (request: Request, { session }) => ({
    path: request.path,
    name: session.provider satisfies 'fake',
  })),
);

const two = [cryptlex({ accountAlias: 'acme' }), lclx()] as const;
const ofTwo = createSessions({ providers: two });
for (const provider of two) passport.use(new Strategy({ provider, sessions: ofTwo }));
passport.use(new Strategy({ provider: two[0], sessions: ofTwo }, async ({ account }) => account.email));
// @ts-expect-error an account of another provider has other fields
passport.use(new Strategy({ provider: two[1] }, ({ account }) => account.role));

app.get('/me', passport.authenticate('latchkey-session', { session: false }), (request, response) => {
  const subject: string | undefined = request.user?.subject;
  // @ts-expect-error a misspelt property of the user does not compile
  response.json({ subject, email: request.user?.emial });
});
app.post('/sign-in', (request, response, next) => {
  const callback: passport.AuthenticateCallback = (error, user, info) => {
    if (error || !user) answer(request, response, error ?? info);
    else response.json(user);
  };
  passport.authenticate('fake', callback)(request, response, next);
});
app.use(errorHandler());
