import type { Provider } from '@latchkey/core';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { lclx } from '@latchkey/provider-lclx';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { startDemonstration, type Demonstration } from './demonstration.js';

/** Where users can sign in: the providers that the configuration names, or emulators of both. */
export class Providers implements OnApplicationShutdown {
  private constructor(
    readonly all: readonly Provider[],
    private readonly demonstration?: Demonstration,
  ) {}

  static async of(config: Config): Promise<Providers> {
    const demonstration = config.isDemonstration ? await startDemonstration() : undefined;
    const { cryptlex: cryptlexOptions, lclx: lclxOptions } = demonstration ?? config;
    const all = [
      ...(cryptlexOptions ? [cryptlex(cryptlexOptions)] : []),
      ...(lclxOptions ? [lclx(lclxOptions)] : []),
    ];
    return new Providers(all, demonstration);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.all.map(({ upstream }) => upstream.close()));
    await this.demonstration?.stop();
  }
}
