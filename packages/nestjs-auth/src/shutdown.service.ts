import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import type { LatchkeySettings } from './latchkey.settings.js';

/**
 * Ends sessions with the application. Requests that are under way when it is told to stop may use them for a while yet; Nest
 * waits for those requests, and a provider that never answers would make it wait for ever.
 */
export class ShutdownService implements BeforeApplicationShutdown, OnApplicationShutdown {
  private grace: NodeJS.Timeout | undefined;
  private closed: Promise<unknown> | undefined;

  constructor(private readonly settings: LatchkeySettings) {}

  beforeApplicationShutdown(): void {
    // What becomes of it, `onApplicationShutdown` tells.
    const end = () => void this.close().catch(() => undefined);
    this.grace ??= setTimeout(end, this.settings.shutdownGraceMs).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.grace);
    await this.close();
  }

  private close(): Promise<unknown> {
    const { sessions, upstreamTokens } = this.settings;
    this.closed ??= Promise.all([sessions.close(), upstreamTokens?.close()]);
    return this.closed;
  }
}
