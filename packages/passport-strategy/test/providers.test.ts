import { createSessions, type Provider } from '@latchkey/core';
import { startCryptlexEmulator, startLclxEmulator } from '@latchkey/emulators';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { lclx } from '@latchkey/provider-lclx';
import type { RequestHandler } from 'express';
import express from 'express';
import passport from 'passport';
import { describe, expect, it } from 'vitest';
import { errorHandler, SessionStrategy, Strategy } from '../src/index.js';
import { served, type Served } from './applications.js';

/** An application that signs in at `provider`, for a session with a bearer token. */
async function signInApplication(provider: Provider): Promise<Served> {
  const sessions = createSessions({ providers: [provider] });
  const authenticator = new passport.Passport();
  const authenticate = (name: string) =>
    authenticator.authenticate(name, { session: false, failWithError: true }) as RequestHandler;
  authenticator.use('sign-in', new Strategy({ provider, sessions }));
  authenticator.use(new SessionStrategy({ sessions }));
  const app = express();
  app.post('/sign-in', express.json(), authenticate('sign-in'), (request, response) => {
    response.json({ user: request.user, token: (request.authInfo as { id: string }).id });
  });
  app.get('/me', authenticate('latchkey-session'), (request, response) => {
    response.json(request.user);
  });
  app.use(errorHandler());
  return served(app);
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

describe('with the providers', () => {
  it('signs in at LCLXchange', async () => {
    await using emulator = await startLclxEmulator();
    const provider = lclx({ origin: emulator.origin });
    await using app = await signInApplication(provider);
    const credentials = { email: 'demo@example.com', password: 'sample-password-1' };
    const { token } = await json(await app.post('/sign-in', credentials));
    const me = await json(await app.get('/me', { authorization: `Bearer ${String(token)}` }));
    expect(me).toMatchObject({ provider: 'lclx', email: 'demo@example.com' });
    const wrong = await app.post('/sign-in', { ...credentials, password: 'wrong' });
    expect([wrong.status, (await json(wrong))['error']]).toEqual([401, 'invalid_credentials']);
    emulator.next('reset');
    const down = await app.post('/sign-in', credentials);
    expect([down.status, (await json(down))['error']]).toEqual([503, 'upstream_unavailable']);
    await provider.upstream.close();
  });

  it('signs in at Cryptlex, with a second factor', async () => {
    await using emulator = await startCryptlexEmulator();
    const provider = cryptlex({ origin: emulator.origin, accountAlias: emulator.accountAlias });
    await using app = await signInApplication(provider);
    const credentials = { email: 'factor@example.com', password: 'sample-password-2' };
    const asked = await app.post('/sign-in', credentials);
    expect([asked.status, (await json(asked))['error']]).toEqual([401, 'second_factor_required']);
    const wrong = await app.post('/sign-in', { ...credentials, twoFactorCode: '000000' });
    expect([wrong.status, (await json(wrong))['error']]).toEqual([401, 'second_factor_invalid']);
    const { token } = await json(await app.post('/sign-in', { ...credentials, twoFactorCode: '123456' }));
    const me = await json(await app.get('/me', { authorization: `Bearer ${String(token)}` }));
    expect(me).toMatchObject({ provider: 'cryptlex', email: 'factor@example.com' });
    const recovery = { ...credentials, twoFactorRecoveryCode: 'sample-recovery-code' };
    expect((await app.post('/sign-in', recovery)).status).toBe(200);
    await provider.upstream.close();
  });
});
