import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Providers } from './providers.js';

@Module({
  providers: [{ provide: Providers, inject: [Config], useFactory: (config: Config) => Providers.of(config) }],
  exports: [Providers],
})
export class ProvidersModule {}
