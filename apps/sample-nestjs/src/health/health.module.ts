import { LatchkeyHealthIndicator } from '@latchkey/nestjs-auth/terminus';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ProvidersModule } from '../providers/providers.module.js';
import { StoreModule } from '../store/store.module.js';
import { HealthController } from './health.controller.js';
import { StoreHealthIndicator } from './store-health.indicator.js';

@Module({
  imports: [ProvidersModule, StoreModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [LatchkeyHealthIndicator, StoreHealthIndicator],
})
export class HealthModule {}
