import { checkedOptions, isLatchkeyError, LatchkeyError, type Provider } from '@latchkey/core';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { z } from 'zod';
import type { LatchkeySettings } from '../latchkey.settings.js';
import { settingsToken } from '../latchkey.tokens.js';
import { fromSet } from '../set-lookup.js';
import { providerHealth, type Health, type ProviderHealth } from './provider-health.js';

/** What `LatchkeyHealthIndicator.check` takes. */
export interface ProviderHealthOptions {
  /** The name of one provider. Default: all of them. */
  readonly provider?: string | undefined;
  /** The `name` of a set of providers. Default: the set without one. */
  readonly realm?: string | undefined;
  /** How long a provider may take to answer, in milliseconds. Default: 3,000. */
  readonly timeoutMs?: number | undefined;
  /** For how long what a provider answered, or that it did not, counts, in milliseconds. Default: 10,000. */
  readonly cacheMs?: number | undefined;
}

/**
 * Tells the health checks of `@nestjs/terminus` whether the providers can be reached. To be listed as a provider of the module
 * that has the health route; that imports `TerminusModule`.
 *
 * A provider is up when it answers at all, with any status below 500: to `HEAD /`, sent as all else is that goes to it, without
 * credentials, once in `cacheMs` however many ask. As with every such request to a provider, a failed connection, 502, 503
 * and 504 are tried again, twice at most.
 *
 * @example
 * @Get('health')
 * @HealthCheck()
 * @Public()
 * check() {
 *   return this.health.check([() => this.latchkey.check('providers')]);
 * }
 */
@Injectable()
export class LatchkeyHealthIndicator implements OnApplicationShutdown {
  private readonly known = new Map<Provider, ProviderHealth>();
  private isClosed = false;

  constructor(
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * Whether the provider is up; without `provider`, whether all are, with each of them under `providers`. What is down says
   * why with the `code` of an error, and nothing of what the provider sent.
   *
   * Never rejects: a name that is not known is down with `unknown_provider`, and options that are not usable, or a set of
   * providers that the application does not have, with `invalid_config`. Where the limit of requests to the provider kept
   * the question from being sent, it counts as up, with the code `rate_limited`.
   */
  async check<const Key extends string>(
    key: Key,
    options: ProviderHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const session = this.indicators.check(key);
    const { status, ...rest } = await this.health(options).catch(asHealth);
    const details: Record<string, unknown> = rest;
    return status === 'up' ? session.up(details) : session.down(details);
  }

  onApplicationShutdown(): void {
    this.isClosed = true;
    for (const health of this.known.values()) health.close();
  }

  private async health(given: ProviderHealthOptions): Promise<Health | Overall> {
    const { provider: name, realm, ...limits } = checkedOptions('a health check', optionsSchema, given);
    const { providers } = fromSet<LatchkeySettings>(this.moduleRef, settingsToken, realm);
    const ask = (provider: Provider) => this.healthOf(provider).check(limits).then(plain);
    if (name !== undefined) {
      const provider = providers.find((one) => one.name === name);
      if (!provider) throw new LatchkeyError('unknown_provider');
      return ask(provider);
    }
    const each = await Promise.all(providers.map(async (one) => [one.name, await ask(one)] as const));
    const status = each.every(([, health]) => health.status === 'up') ? 'up' : 'down';
    return { status, providers: Object.fromEntries(each) };
  }

  private healthOf(provider: Provider): ProviderHealth {
    let health = this.known.get(provider);
    if (!health) {
      this.known.set(provider, (health = providerHealth(provider)));
      if (this.isClosed) health.close();
    }
    return health;
  }
}

interface Overall {
  readonly status: Health['status'];
  readonly providers: Readonly<Record<string, Health>>;
}

function plain({ status, code }: Health): Health {
  return code === undefined ? { status } : { status, code };
}

function asHealth(error: unknown): Health {
  return { status: 'down', code: isLatchkeyError(error) ? error.code : 'internal_error' };
}

const milliseconds = (least: number) =>
  z.number('must be a number of milliseconds').min(least, `must be ${least} or more`);

const optionsSchema = z.strictObject({
  provider: z.string('must be text').optional(),
  realm: z.string('must be text').optional(),
  timeoutMs: milliseconds(1).default(3_000),
  cacheMs: milliseconds(0).default(10_000),
});
