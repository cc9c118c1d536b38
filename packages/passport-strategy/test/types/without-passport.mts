// An application with neither @types/passport nor @types/express. Compiled by a test, never run.
import { createSessions, type Identity, type Session } from '@latchkey/core';
import { fakeProvider, type FakeAccount } from '@latchkey/core/testing';
import LatchkeyStrategy, {
  answer,
  answerOf,
  errorHandler,
  SessionStrategy,
  Strategy,
} from '@latchkey/passport-strategy';
import { createServer } from 'node:http';

declare global {
  namespace Express {
    interface User extends Identity {}
  }
}

const one = fakeProvider({ name: 'one' });
const two = fakeProvider({ name: 'two' });
const sessions = createSessions({ providers: [one, two] });

new Strategy({ provider: one });
new LatchkeyStrategy({ provider: one }, async ({ identity, account, grant }) => {
  const typed: [Identity, FakeAccount, string] = [identity, account, grant.accessToken];
  return { id: typed[0].subject };
});
new Strategy({ provider: one, passReqToCallback: true }, (request, result, done) => {
  const method: string | undefined = request.method;
  done(null, { method, subject: result.identity.subject });
});
new Strategy({ provider: one, sessions }, ({ id, session }, done) => {
  const account: FakeAccount = session.account;
  done(null, false, { message: `${id} ${account.name}` });
});
new Strategy({ provider: one, sessions, passReqToCallback: true }, (_request, { id }) => ({ id }));
new SessionStrategy({ sessions }, ({ session }) => {
  const name: 'one' | 'two' = session.provider;
  return { name };
});
new SessionStrategy({ sessions, upstreamTokens: { provider: one, owns: () => true } }, (result) => {
  const session: Session | undefined = result.session;
  return session ?? result.identity;
});

// @ts-expect-error a misspelt option does not compile
new Strategy({ provider: one, emailfield: 'login' });
// @ts-expect-error nor does a strategy without a provider
new Strategy({ sessions });
// @ts-expect-error a sign-in without sessions has none to give
new Strategy({ provider: one }, ({ session }) => session);
// @ts-expect-error a session has no grant to give
new Strategy({ provider: one, sessions }, ({ grant }) => grant);
// @ts-expect-error nor does a misspelt option of sessions
new SessionStrategy({ session: sessions });

// What the application said once, `req.user` is.
export const email = (request: Express.Request): string | undefined => request.user?.email;

createServer((request, response) => {
  const copy = Object.create(new Strategy({ provider: one })) as Strategy;
  copy.authenticate(request);
  const { status } = answerOf(request, new Error());
  if (status === 500) answer(request, response, new Error());
  else errorHandler({ realm: 'x' })(new Error(), request, response, () => {});
});
