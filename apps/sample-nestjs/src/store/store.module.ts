import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Log } from '../logging/log.js';
import { SharedStore } from './shared-store.js';

@Module({
  providers: [
    {
      provide: SharedStore,
      inject: [Config, Log],
      useFactory: (config: Config, log: Log) => new SharedStore(config, log),
    },
  ],
  exports: [SharedStore],
})
export class StoreModule {}
