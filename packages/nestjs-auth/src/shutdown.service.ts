import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { httpServerOf } from './http-server.js';
import type { LatchkeySettings } from './latchkey.settings.js';

/**
 * Ends sessions with the application. Requests that are under way when it is told to stop may use them for a while yet; Nest
 * waits for those requests, and a provider that never answers would make it wait for ever.
 */
export class ShutdownService implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly timers: NodeJS.Timeout[] = [];
  private closed: Promise<unknown> | undefined;

  constructor(
    private readonly settings: LatchkeySettings,
    private readonly adapters: HttpAdapterHost,
  ) {}

  beforeApplicationShutdown(): void {
    // What becomes of it, `onApplicationShutdown` tells.
    const end = () => void this.close().catch(() => undefined);
    this.timers.push(
      setTimeout(end, this.settings.shutdownGraceMs).unref(),
      setInterval(() => this.dropIdleConnections(), idleCheckMs).unref(),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
    await this.close();
  }

  private close(): Promise<unknown> {
    const { sessions, upstreamTokens } = this.settings;
    this.closed ??= Promise.all([sessions.close(), upstreamTokens?.close()]);
    return this.closed;
  }

  /**
   * A connection whose last answer came after the server was told to close is kept alive by it for as long as any other: on
   * Fastify for 72 s, which Nest would wait for.
   */
  private dropIdleConnections(): void {
    const server = httpServerOf(this.adapters);
    if (server?.listening === false) server.closeIdleConnections();
  }
}

const idleCheckMs = 50;
