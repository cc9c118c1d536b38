import { LatchkeyHealthIndicator } from '@latchkey/nestjs-auth/terminus';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ProvidersModule } from '../providers/providers.module.js';
import { HealthController } from './health.controller.js';

@Module({
  imports: [ProvidersModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [LatchkeyHealthIndicator],
})
export class HealthModule {}
