import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SharedStore } from '../store/shared-store.js';
import { StoreModule } from '../store/store.module.js';
import { Providers } from './providers.js';

@Module({
  imports: [StoreModule],
  providers: [
    {
      provide: Providers,
      inject: [Config, SharedStore],
      useFactory: (config: Config, shared: SharedStore) => Providers.of(config, shared),
    },
  ],
  exports: [Providers],
})
export class ProvidersModule {}
