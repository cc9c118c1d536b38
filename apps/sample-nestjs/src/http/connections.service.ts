import type { Server } from 'node:http';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/**
 * Cuts off, a moment after sessions have ended, whoever holds a connection still. Nest waits for all of them, and one that sends
 * nothing, or half of a request, would have it wait for as long as it likes.
 */
@Injectable()
export class ConnectionsService implements BeforeApplicationShutdown {
  constructor(private readonly adapters: HttpAdapterHost) {}

  beforeApplicationShutdown(): void {
    const server = this.adapters.httpAdapter.getHttpServer() as Server;
    setTimeout(() => {
      server.closeAllConnections();
    }, graceMs).unref();
  }
}

// Longer than `shutdownGraceMs` of LatchkeyModule, 5 s, so that what that ends is answered.
const graceMs = 6_000;
