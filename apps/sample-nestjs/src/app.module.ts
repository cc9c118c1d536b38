import { LatchkeyModule } from '@latchkey/nestjs-auth';
import { Module, type DynamicModule } from '@nestjs/common';
import { ApiModule } from './api/api.module.js';
import { ClosingService } from './closing.service.js';
import { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { ConnectionsService } from './http/connections.service.js';
import { HealthModule } from './health/health.module.js';
import { Log } from './logging/log.js';
import { LoggingModule } from './logging/logging.module.js';
import { PagesModule } from './pages/pages.module.js';
import { Providers } from './providers/providers.js';
import { ProvidersModule } from './providers/providers.module.js';
import { SharedStore } from './store/shared-store.js';
import { StoreModule } from './store/store.module.js';

const signIn = LatchkeyModule.forRootAsync({
  imports: [ProvidersModule, StoreModule],
  inject: [Config, Log, Providers, SharedStore],
  path: 'api/auth',
  useFactory: ({ isSecure, origins }: Config, log: Log, { all }: Providers, { store }: SharedStore) => ({
    providers: all,
    store,
    // Without https only in development: with `NODE_ENV=production` Latchkey refuses it.
    cookie: { secure: isSecure },
    csrf: { origins },
    sessions: {
      idleMs: 2 * 3_600_000,
      onEvent: (event) => {
        log.event(event);
      },
    },
  }),
});

@Module({
  imports: [signIn, ApiModule, HealthModule, PagesModule, ProvidersModule, StoreModule],
  providers: [ClosingService, ConnectionsService],
})
export class AppModule {
  static of(config: Config, log: Log): DynamicModule {
    return { module: AppModule, imports: [ConfigModule.of(config), LoggingModule.of(log)] };
  }
}
