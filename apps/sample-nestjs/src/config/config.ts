import type { CryptlexOptions } from '@latchkey/provider-cryptlex';
import type { LclxOptions } from '@latchkey/provider-lclx';
import { environmentSchema, problemsTogether, type Environment } from './environment.js';

/** What the application goes by: read from the environment once, before anything else happens. */
export class Config {
  readonly isProduction: boolean;
  readonly host: string;
  readonly port: number;
  readonly httpAdapter: 'express' | 'fastify';
  /** Where browsers find the application, if that is not where it listens. */
  readonly publicOrigin: string | undefined;
  /** How many proxies stand in front, whose word on the address of a client counts. */
  readonly trustedProxies: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Keys the names by which log lines tell users apart. Without it each process makes one of its own. */
  readonly logSecret: string | undefined;
  /** Options of the providers that are in use. */
  readonly cryptlex: CryptlexOptions | undefined;
  readonly lclx: LclxOptions | undefined;
  /** What all processes share is in there; without it each has all of it in its own memory. */
  readonly redis: { readonly url: string; readonly secrets: readonly string[] } | undefined;

  constructor(environment: Environment) {
    const { CRYPTLEX_ACCOUNT_ALIAS: accountAlias, CRYPTLEX_ACCOUNT_ID: accountId } = environment;
    const { CRYPTLEX_REGION: region, CRYPTLEX_ORIGIN: origin } = environment;
    const { REDIS_URL: url, STORE_SECRETS: secrets } = environment;
    this.isProduction = environment.NODE_ENV === 'production';
    this.host = environment.HOST;
    this.port = environment.PORT;
    this.httpAdapter = environment.HTTP_ADAPTER;
    this.publicOrigin = environment.PUBLIC_ORIGIN;
    this.trustedProxies = environment.TRUSTED_PROXIES;
    this.logSecret = environment.LOG_SECRET;
    this.cryptlex = accountAlias || accountId ? { accountAlias, accountId, region, origin } : undefined;
    this.lclx = environment.LCLX_ORIGIN ? { origin: environment.LCLX_ORIGIN } : undefined;
    this.redis = url && secrets ? { url, secrets } : undefined;
    this.logLevel = environment.LOG_LEVEL ?? (this.isProduction ? 'info' : 'warn');
  }

  /** With no provider of its own the application runs on emulators of both. */
  get isDemonstration(): boolean {
    return !this.cryptlex && !this.lclx;
  }

  /** What a proxy may have made `Host` out of: requests of our own pages come from there, too. */
  get origins(): readonly string[] {
    return this.publicOrigin === undefined ? [] : [this.publicOrigin];
  }

  /** Whether browsers come by https, so that cookies are for https alone. */
  get isSecure(): boolean {
    return this.isProduction || this.publicOrigin?.startsWith('https:') === true;
  }
}

/**
 * Reads the configuration.
 *
 * @throws Error that says of every variable that is wrong what it should be, and the value of none.
 */
export function readConfig(variables: NodeJS.ProcessEnv): Config {
  // `PORT=` in a file of settings says that there is none.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const { data, error } = environmentSchema.safeParse(given);
  const problems = [
    ...(error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`),
    ...problemsTogether(given),
  ];
  if (data && problems.length === 0) return new Config(data);
  throw new Error(`These variables are not usable:\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
}
