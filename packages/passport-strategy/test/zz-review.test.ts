import { createSessions, LatchkeyError } from '@latchkey/core';
import { sessionCookie } from '@latchkey/core/http';
import { fakeProvider } from '@latchkey/core/testing';
import express, { type RequestHandler } from 'express';
import passport from 'passport';
import { it, expect } from 'vitest';
import { answer, errorHandler, SessionStrategy, Strategy } from '../src/index.js';
import { served } from './applications.js';
import { credentials, performed } from './harness.js';
import { inspect } from 'node:util';

const rejections: unknown[] = [];
process.removeAllListeners('unhandledRejection');
process.on('unhandledRejection', (e) => rejections.push(e));
const turn = () => new Promise((r) => setTimeout(r, 50));

it('A: callback that throws err', async () => {
  const provider = fakeProvider();
  const a = new passport.Passport();
  a.use(new Strategy({ provider }));
  const app = express();
  app.use(express.json());
  const calls: unknown[] = [];
  app.post('/', (req, res, next) => {
    (a.authenticate('fake', (err: unknown, user: unknown) => {
      calls.push([String(err), !!user]);
      if (err) throw err;
      if (!user) { res.status(401).end(); throw new Error('bug after 401'); }
      res.json(user);
      throw new Error('bug in callback after json');
    }) as RequestHandler)(req, res, next);
  });
  await using s = await served(app);
  provider.failNext('upstream_unavailable');
  const r = await Promise.race([s.post('/', credentials).then((x) => x.status), turn().then(() => 'hangs')]);
  await turn();
  console.log('A down:', r, calls.splice(0), 'unhandled:', rejections.splice(0).map(String));
  const r2 = await s.post('/', { ...credentials, password: 'bad' });
  await turn();
  console.log('A refused:', r2.status, calls.splice(0), 'unhandled:', rejections.splice(0).map(String));
  const r3 = await s.post('/', credentials);
  await turn();
  console.log('A ok:', r3.status, calls.splice(0), 'unhandled:', rejections.splice(0).map(String));
});

it('A2: callback with sessions that throws after it sent the cookie', async () => {
  const provider = fakeProvider();
  const sessions = createSessions({ providers: [provider] });
  const a = new passport.Passport();
  a.use(new Strategy({ provider, sessions }));
  const app = express();
  app.use(express.json());
  let id = '';
  app.post('/', (req, res, next) => {
    (a.authenticate('fake', (err: unknown, user: unknown, info: { id: string }) => {
      if (err) return answer(req, res, err);
      id = info.id;
      res.append('Set-Cookie', sessionCookie(info.id)).json(user);
      throw new Error('audit log failed');
    }) as RequestHandler)(req, res, next);
  });
  await using s = await served(app);
  const r = await s.post('/', credentials);
  await turn();
  console.log('A2', r.status, r.headers.getSetCookie().length, 'session still there:', !!(await sessions.get(id)), rejections.splice(0).map(String));
});

it('B: optional session via callback leaves headers', async () => {
  const sessions = createSessions({ providers: [fakeProvider()] });
  const a = new passport.Passport();
  a.use(new SessionStrategy({ sessions }));
  class Other { name = 'other'; success!: (u: object) => void; authenticate() { this.success({ id: 1 }); } }
  class Anonymous { name = 'anonymous'; pass!: () => void; authenticate() { this.pass(); } }
  a.use(new Other() as never); a.use(new Anonymous() as never);
  const app = express();
  app.get('/opt', (req, res, next) => {
    (a.authenticate('latchkey-session', (err: unknown, user: unknown) => { if (err) next(err); else { (req as any).user = user || undefined; next(); } }) as RequestHandler)(req, res, next);
  }, (req, res) => void res.json({ user: req.user ?? null }));
  app.get('/other', a.authenticate(['latchkey-session', 'other'], { session: false }) as RequestHandler, (req, res) => void res.json(req.user));
  app.get('/anon', a.authenticate(['latchkey-session', 'anonymous'], { session: false }) as RequestHandler, (req, res) => void res.json(req.user ?? null));
  await using s = await served(app);
  for (const p of ['/opt', '/other', '/anon']) {
    const r = await s.get(p, { cookie: `__Host-latchkey=${'A'.repeat(43)}` });
    console.log('B', p, r.status, r.headers.get('www-authenticate'), r.headers.getSetCookie());
  }
});

it('C: strategy whose sessions lack its provider', async () => {
  const sessions = createSessions({ providers: [fakeProvider({ name: 'one' })] });
  const two = fakeProvider({ name: 'two' });
  let made: unknown;
  try { made = new Strategy({ provider: two, sessions: sessions as never }); } catch (e) { console.log('C construction', e); return; }
  console.log('C', await performed(made as Strategy, { body: credentials }));
});

it('D: verify refuses -> old session', async () => {
  const provider = fakeProvider();
  const sessions = createSessions({ providers: [provider] });
  const { id } = await sessions.signIn('fake', credentials);
  const d = await performed(new Strategy({ provider, sessions }, () => false), { body: credentials, headers: { cookie: `__Host-latchkey=${id}` } });
  console.log('D', d.action, 'old session alive:', !!(await sessions.get(id)));
});

it('E: falsy user of the hook', async () => {
  const provider = fakeProvider();
  for (const value of [null, undefined, 0, '', false]) {
    const sessions = createSessions({ providers: [provider], user: () => value });
    try {
      const d = await performed(new Strategy({ provider, sessions }), { body: credentials });
      console.log('E', value, d.action, d.args);
    } catch (e) { console.log('E', value, e); }
  }
});

it('F: canary 2fa and req.authInfo by inspect', async () => {
  const provider = fakeProvider();
  const sessions = createSessions({ providers: [provider] });
  const d = await performed(new Strategy({ provider, sessions }), { body: credentials });
  const id = (d.args[1] as { id: string }).id;
  console.log('F plain', inspect(d.args, { depth: 10 }).includes(id), 'hidden', inspect(d.args, { depth: 10, showHidden: true }).includes(id));
  console.log('F hidden token', inspect(d.args, { depth: 10, showHidden: true }).includes('fake-access'));
  const info = d.args[1] as object;
  console.log('F spread/assign/structuredClone', JSON.stringify({ ...info }).includes(id), Object.keys(info));
  const d2 = await performed(new Strategy({ provider }), { body: credentials });
  console.log('F2 hidden token', inspect(d2.args, { depth: 10, showHidden: true }).includes('fake-access'), inspect(d2.args, {depth:10}).includes('fake-access'));
});

it('G: verify returning express/mongoose-like thenable, done + async', async () => {
  const provider = fakeProvider();
  const out: unknown[] = [];
  // async verify that calls done and returns its result (undefined)
  out.push((await performed(new Strategy({ provider }, async (_r, done) => { await null; return done(null, { id: 1 }); }), { body: credentials })).action);
  // arrow that returns a promise of a db call, and calls done(null,false) inside: then(...) resolves undefined
  out.push((await performed(new Strategy({ provider }, (_r, done) => Promise.resolve(false).then((u) => done(null, u))), { body: credentials })).action);
  // callback-API that returns a request object (like mongodb/mysql: db.query(...) returns Query)
  out.push((await performed(new Strategy({ provider }, (_r, done) => { const query = { sql: 'select' }; setTimeout(() => done(null, false, { message: 'nope' }), 5); return query; }), { body: credentials })).action);
  // chained EventEmitter / http.request
  out.push((await performed(new Strategy({ provider }, (_r, done) => setImmediate(() => done(null, false))), { body: credentials })).action);
  // returning boolean of emitter.emit / array.push
  const list: number[] = [];
  out.push((await performed(new Strategy({ provider }, (_r, done) => { setTimeout(() => done(null, false), 5); return list.push(1); }), { body: credentials })).action);
  console.log('G', out);
});

it('H: malformed cookie is not cleared', async () => {
  const sessions = createSessions({ providers: [fakeProvider()] });
  const set: [string, unknown][] = [];
  const res = { headersSent: false, setHeader: (n: string, v: unknown) => set.push([n, v]), hasHeader: () => false, appendHeader: (n: string, v: unknown) => set.push([n, v]) };
  await performed(new SessionStrategy({ sessions }), { method: 'GET', headers: { cookie: '__Host-latchkey=short' }, res });
  console.log('H', set.map(([n]) => n));
});

it('I: stale notes, foreign strategy later', async () => {
  const sessions = createSessions({ providers: [fakeProvider()] });
  const a = new passport.Passport();
  a.use(new SessionStrategy({ sessions }));
  class Basic { name = 'basic'; fail!: (c: string, s?: number) => void; authenticate() { this.fail('Basic realm="x"', 401); } }
  a.use(new Basic() as never);
  const app = express();
  app.use((req, res, next) => { (a.authenticate('latchkey-session', () => next()) as RequestHandler)(req, res, next); });
  app.post('/', a.authenticate('basic', { session: false, failWithError: true }) as RequestHandler);
  app.post('/plain', a.authenticate('basic', { session: false }) as RequestHandler);
  app.use(errorHandler());
  await using s = await served(app);
  const h = { cookie: `__Host-latchkey=${'A'.repeat(43)}`, 'sec-fetch-site': 'cross-site' };
  const r = await s.post('/', {}, h);
  console.log('I', r.status, await r.text());
  const r2 = await s.post('/plain', {}, h);
  console.log('I plain', r2.status, r2.headers.get('www-authenticate'));
  const r3 = await s.post('/plain', {});
  console.log('I plain, no cookie', r3.status, r3.headers.get('www-authenticate'));
});

it('J: concurrency, timeouts message in SessionStrategy', async () => {
  const sessions = { get: () => new Promise<never>(() => {}) };
  const d = await performed(new SessionStrategy({ sessions, timeoutMs: 10 }), { method: 'GET', headers: { cookie: `__Host-latchkey=${'A'.repeat(43)}` } });
  console.log('J', d.action, String((d.args[0] as Error).message));
});

it('K: verify error string etc. done("text")', async () => {
  const provider = fakeProvider();
  const d = await performed(new Strategy({ provider }, (_r, done) => done('database canary')), { body: credentials });
  console.log('K', d.action, d.args[0]);
});
