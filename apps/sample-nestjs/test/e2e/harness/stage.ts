import { randomUUID } from 'node:crypto';
import {
  type CryptlexEmulator,
  type LclxEmulator,
  startCryptlexEmulator,
  startLclxEmulator,
} from '@latchkey/emulators';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type AppEnv, type AppProcess, startApp } from './app-process.js';
import { sharedBrowser } from './browser.js';
import { leaksIn, secretsIn } from './secrets.js';
import { newVisitor, type Visitor, type VisitorOptions } from './visitor.js';

/** The HTTP adapters of Nest. The application must not differ between them. */
export const adapters = ['express', 'fastify'] as const;

/** Every walk is gone with scripts and without. */
export const ways = [
  { way: 'with scripts', javaScriptEnabled: true },
  { way: 'without scripts', javaScriptEnabled: false },
] as const;

/** An application of its own, told of two emulators, for the tests of one `describe`. */
export interface Stage {
  readonly app: AppProcess;
  readonly cryptlex: CryptlexEmulator;
  readonly lclx: LclxEmulator;
  /** The product whose licence opens the downloads. No sample user has one. */
  readonly productId: string;
  /** Somebody new; gone after the test. */
  visitor(options?: VisitorOptions): Promise<Visitor>;
}

/**
 * Starts emulators and application before the tests of the `describe` it is called in, and has the emulators as at their start
 * before each. After each, no page that a visitor saw may have held a secret or broken a rule of its own policy; after the
 * last, nor may anything that the application wrote, and it must end cleanly.
 */
export function useStage(env: AppEnv = {}): Stage {
  const secrets = new Set<string>();
  const visitors: Visitor[] = [];
  const productId = randomUUID();
  let parts: { readonly app: AppProcess; cryptlex: CryptlexEmulator; lclx: LclxEmulator } | undefined;
  const started = () => {
    if (parts === undefined) throw new Error('The stage is not set yet.');
    return parts;
  };

  beforeAll(async () => {
    const [cryptlex, lclx] = await Promise.all([startCryptlexEmulator(), startLclxEmulator()]);
    try {
      parts = { app: await startApp({ ...envOf({ cryptlex, lclx, productId }), ...env }), cryptlex, lclx };
    } catch (error) {
      await Promise.all([cryptlex.stop(), lclx.stop()]);
      throw error;
    }
  });

  afterEach(async () => {
    if (parts === undefined) return;
    const { cryptlex, lclx } = parts;
    for (const secret of secretsIn([...cryptlex.requests, ...lclx.requests])) secrets.add(secret);
    const problems = visitors.flatMap(({ watch }) => [
      ...watch.problems,
      ...watch.seen.flatMap((text) => leaksIn('A page', text, secrets)),
    ]);
    for (const { context } of visitors.splice(0)) await context.close();
    cryptlex.reset();
    lclx.reset();
    expect(problems).toEqual([]);
  });

  afterAll(async () => {
    if (parts === undefined) return;
    const { app, cryptlex, lclx } = parts;
    const { isClean, stdout, stderr } = await app.stop();
    await Promise.all([cryptlex.stop(), lclx.stop()]);
    expect(leaksIn('stdout', stdout, [...secrets, '@example.com'])).toEqual([]);
    expect(leaksIn('stderr', stderr, [...secrets, '@example.com'])).toEqual([]);
    expect(isClean).toBe(true);
  });

  return {
    productId,
    get app() {
      return started().app;
    },
    get cryptlex() {
      return started().cryptlex;
    },
    get lclx() {
      return started().lclx;
    },
    async visitor(options) {
      const visitor = await newVisitor(await sharedBrowser(), started().app.origin, options);
      visitors.push(visitor);
      return visitor;
    },
  };
}

/** How the application is told where its providers are. */
export function envOf({ cryptlex, lclx, productId }: Pick<Stage, 'cryptlex' | 'lclx' | 'productId'>): AppEnv {
  return {
    CRYPTLEX_ORIGIN: cryptlex.origin,
    CRYPTLEX_ACCOUNT_ALIAS: cryptlex.accountAlias,
    CRYPTLEX_PRODUCT_ID: productId,
    LCLX_ORIGIN: lclx.origin,
    // So that there are lines in which a secret could be.
    LOG_LEVEL: 'info',
  };
}
