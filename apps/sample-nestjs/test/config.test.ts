import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config/config.js';

const production = {
  NODE_ENV: 'production',
  PUBLIC_ORIGIN: 'https://app.example.com',
  LOG_SECRET: 'a secret of thirty-two characters',
  TRUSTED_PROXIES: '1',
  CRYPTLEX_ACCOUNT_ALIAS: 'acme',
  CRYPTLEX_PRODUCT_ID: '11111111-0000-4000-8000-000000000002',
};

describe('readConfig', () => {
  it('takes an empty environment for a demonstration that others on the network do not see', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ host: '127.0.0.1', port: 3000, httpAdapter: 'express', logLevel: 'warn' });
    expect([config.isDemonstration, config.isSecure, config.isProduction]).toEqual([true, false, false]);
  });

  it('counts an empty variable as none', () => {
    expect(readConfig({ PORT: '', LCLX_ORIGIN: '', NODE_ENV: '' })).toEqual(readConfig({}));
  });

  it('is no demonstration with one provider of its own, and has that alone', () => {
    const config = readConfig({ CRYPTLEX_ACCOUNT_ALIAS: 'acme', CRYPTLEX_REGION: 'eu' });
    expect(config.isDemonstration).toBe(false);
    expect(config.cryptlex).toMatchObject({ accountAlias: 'acme', region: 'eu' });
    expect(config.lclx).toBeUndefined();
    expect(config.logLevel).toBe('warn');
  });

  it('lets cookies go over https alone in production, and where browsers come by it', () => {
    expect(readConfig(production).isSecure).toBe(true);
    expect(readConfig({ PUBLIC_ORIGIN: 'https://app.example.com' }).isSecure).toBe(true);
    expect(readConfig({ PUBLIC_ORIGIN: 'http://localhost:3000' }).isSecure).toBe(false);
  });

  it('tells everything that is wrong in one message, and no value', () => {
    const told = messageOf({
      NODE_ENV: 'Production',
      PORT: '70000',
      HTTP_ADAPTER: 'koa',
      PUBLIC_ORIGIN: 'http://app.example.com',
      TRUSTED_PROXIES: 'all',
      LOG_LEVEL: 'loud',
      LOG_SECRET: 'canary',
      CRYPTLEX_ACCOUNT_ALIAS: 'acme',
      CRYPTLEX_ACCOUNT_ID: 'canary',
      CRYPTLEX_REGION: 'mars',
      CRYPTLEX_ORIGIN: 'https://canary.example.com/path',
      CRYPTLEX_PRODUCT_ID: 'canary',
      LCLX_ORIGIN: 'canary',
      REDIS_URL: 'redis://:canary@redis.example.com/canary',
      STORE_SECRETS: 'canary',
    });
    const named = told.split('\n').flatMap((line) => /^ {2}([A-Z_]+) /.exec(line)?.[1] ?? []);
    expect(new Set(named)).toEqual(
      new Set([
        'NODE_ENV',
        'PORT',
        'HTTP_ADAPTER',
        'PUBLIC_ORIGIN',
        'TRUSTED_PROXIES',
        'LOG_LEVEL',
        'LOG_SECRET',
        'CRYPTLEX_ACCOUNT_ID',
        'CRYPTLEX_REGION',
        'CRYPTLEX_ORIGIN',
        'CRYPTLEX_PRODUCT_ID',
        'LCLX_ORIGIN',
        'REDIS_URL',
        'STORE_SECRETS',
      ]),
    );
    expect(told).not.toMatch(/canary|koa|mars|loud|70000/);
  });

  it.each([
    ['the region', { CRYPTLEX_REGION: 'eu' }],
    ['the origin', { CRYPTLEX_ORIGIN: 'https://cryptlex.example.com' }],
    ['the product', { CRYPTLEX_PRODUCT_ID: '11111111-0000-4000-8000-000000000002' }],
  ])('takes %s of Cryptlex only with an account there, and does not fall back on emulators', (_, given) => {
    expect(messageOf(given)).toContain('needs CRYPTLEX_ACCOUNT_ALIAS or CRYPTLEX_ACCOUNT_ID');
  });

  it('keeps all in memory, in production too, unless it is told of a Redis and of what to seal with', () => {
    const secrets = ['a newer secret that is long enough', 'an older secret that is long enough'];
    const given = { REDIS_URL: 'redis://127.0.0.1:6379', STORE_SECRETS: secrets.join(', ') };
    expect(readConfig(production).redis).toBeUndefined();
    expect(readConfig({ ...production, ...given }).redis).toEqual({
      url: given.REDIS_URL,
      secrets,
    });
    expect(messageOf({ REDIS_URL: given.REDIS_URL })).toContain('REDIS_URL needs STORE_SECRETS');
    expect(messageOf({ STORE_SECRETS: given.STORE_SECRETS })).toContain('STORE_SECRETS needs REDIS_URL');
  });

  it.each([
    ['one', 'a'.repeat(32), true],
    ['eight', manySecrets(8), true],
    ['nine', manySecrets(9), false],
    ['one that is too short', 'a'.repeat(31), false],
    ['one that comes twice', `${'a'.repeat(32)},${'a'.repeat(32)}`, false],
    ['one and an empty one', `${'a'.repeat(32)},`, false],
  ])('takes as secrets of the store %s: %s', (_, STORE_SECRETS, isTaken) => {
    const given = { REDIS_URL: 'redis://127.0.0.1', STORE_SECRETS };
    if (isTaken) expect(readConfig(given).redis?.secrets.join()).toBe(STORE_SECRETS);
    else expect(messageOf(given)).toMatch(/STORE_SECRETS must be/);
  });

  it.each([
    ['redis://127.0.0.1', true],
    ['redis://localhost:6379/', true],
    ['rediss://user:p%40ss@redis.example.com:6380/2', true],
    ['redis://[::1]:6379', true],
    ['redis://:can%ary@redis.example.com', false],
    ['redis://:can/ary@redis.example.com', false],
    ['redis://:can?ary@redis.example.com', false],
    ['redis://:can#ary@redis.example.com', false],
    ['redis://redis.example.com/canary', false],
    ['redis:///0', false],
    ['https://redis.example.com', false],
    ['unix:///run/redis.sock', false],
    ['127.0.0.1:6379', false],
  ])('takes %s for the address of a Redis: %s', (REDIS_URL, isTaken) => {
    const given = { REDIS_URL, STORE_SECRETS: 'a'.repeat(32) };
    if (isTaken) expect(readConfig(given).redis?.url).toBe(REDIS_URL);
    else expect(messageOf(given)).toMatch(/REDIS_URL must be like/);
  });

  it('refuses to start in production without each thing that is needed there', () => {
    expect(messageOf({ NODE_ENV: 'production' }).match(/is needed in production/g)).toHaveLength(4);
    expect(readConfig(production)).toMatchObject({ isProduction: true, logLevel: 'info', trustedProxies: 1 });
    expect(readConfig({ ...production, TRUSTED_PROXIES: '0' }).trustedProxies).toBe(0);
    for (const name of Object.keys(production).filter((each) => each !== 'NODE_ENV'))
      expect(messageOf({ ...production, [name]: undefined })).toContain(name);
    expect(messageOf({ ...production, PUBLIC_ORIGIN: 'http://localhost' })).toContain('PUBLIC_ORIGIN');
  });

  it.each([
    ['https://example.com', true],
    ['https://example.com/', true],
    ['http://127.0.0.1:8080', true],
    ['http://localhost', true],
    ['http://[::1]:3000', true],
    ['http://127.example.com', false],
    ['http://localhost.example.com', false],
    ['https://user:canary@example.com', false],
    ['https://example.com/api', false],
    ['https://example.com?x', false],
    ['ftp://example.com', false],
    ['example.com', false],
  ])('takes %s for an origin: %s', (LCLX_ORIGIN, isTaken) => {
    if (isTaken) expect(readConfig({ LCLX_ORIGIN }).lclx?.origin).toBe(LCLX_ORIGIN);
    else expect(messageOf({ LCLX_ORIGIN })).toMatch(/LCLX_ORIGIN must be an origin/);
  });
});

function messageOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('It was taken.');
}

function manySecrets(count: number): string {
  return Array.from({ length: count }, (_, number) => String(number).repeat(32)).join();
}
