import { Sessions } from '@latchkey/nestjs-auth';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Providers } from './providers/providers.js';
import { SharedStore } from './store/shared-store.js';

/**
 * Closes what was opened, once no request is under way: sessions, which may still be renewing tokens; then the providers, who
 * give those; then the store, which is to have them. Nest would close the sessions last: their module is a global one.
 */
@Injectable()
export class ClosingService implements OnApplicationShutdown {
  constructor(
    private readonly sessions: Sessions,
    private readonly providers: Providers,
    private readonly shared: SharedStore,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.sessions.close();
    await this.providers.close();
    await this.shared.close();
  }
}
