import type { Provider } from '@latchkey/core';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { lclx } from '@latchkey/provider-lclx';
import type { Config } from '../config/config.js';
import type { SharedStore } from '../store/shared-store.js';
import { startDemonstration, type Demonstration } from './demonstration.js';

/** Where users can sign in: the providers that the configuration names, or emulators of both. */
export class Providers {
  private constructor(
    readonly all: readonly Provider[],
    private readonly demonstration?: Demonstration,
  ) {}

  static async of(config: Config, { store }: SharedStore): Promise<Providers> {
    const demonstration = config.isDemonstration ? await startDemonstration() : undefined;
    const { cryptlex: cryptlexOptions, lclx: lclxOptions } = demonstration ?? config;
    const all = [
      ...(cryptlexOptions
        ? [cryptlex({ ...cryptlexOptions, ...(store && { pace: { ...pace, store } }) })]
        : []),
      ...(lclxOptions ? [lclx(lclxOptions)] : []),
    ];
    return new Providers(all, demonstration);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ upstream }) => upstream.close()));
    await this.demonstration?.stop();
  }
}

/** Cryptlex lets through 50 requests in 5 seconds from one address, behind which all processes may be; a few are left for others. */
const pace = { requests: 45, perMs: 5_000 };
