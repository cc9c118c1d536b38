import { Public } from '@latchkey/nestjs-auth';
import { LatchkeyHealthIndicator } from '@latchkey/nestjs-auth/terminus';
import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { Providers } from '../providers/providers.js';
import { SharedStore } from '../store/shared-store.js';
import { StoreHealthIndicator } from './store-health.indicator.js';

@Public()
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly latchkey: LatchkeyHealthIndicator,
    private readonly providers: Providers,
    private readonly stores: StoreHealthIndicator,
    private readonly shared: SharedStore,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process answers' })
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** A provider or a store that is down does not count: pages say so themselves, and no other instance could do better. */
  @Get('ready')
  @ApiOperation({ summary: 'Whether requests may come; not any more once it has been told to stop' })
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  @Get()
  @ApiOperation({
    summary: 'Whether each provider can be reached, and the store that processes share, if they do',
  })
  @HealthCheck()
  all(): Promise<HealthCheckResult> {
    const { store } = this.shared;
    return this.health.check([
      ...this.providers.all.map(
        ({ name }) =>
          () =>
            this.latchkey.check(name, { provider: name }),
      ),
      ...(store ? [() => this.stores.check('store', store)] : []),
    ]);
  }
}
