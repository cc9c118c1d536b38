import { isLatchkeyError, type Store } from '@latchkey/core';
import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/** Tells whether the store answers, within the time that it has for any call. */
@Injectable()
export class StoreHealthIndicator {
  constructor(private readonly indicators: HealthIndicatorService) {}

  async check<const Key extends string>(key: Key, store: Store): Promise<HealthIndicatorResult<Key>> {
    const indicator = this.indicators.check(key);
    try {
      await store.get('health');
      return indicator.up();
    } catch (error) {
      return indicator.down({ code: isLatchkeyError(error) ? error.code : 'internal_error' });
    }
  }
}
