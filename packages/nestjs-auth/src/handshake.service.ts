import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { rememberHandshake } from './contexts/ws.context.js';
import { httpServerOf } from './http-server.js';

/**
 * Keeps the requests that open WebSockets on the port of the application: `ws` does not, and the guard of a message needs
 * their headers.
 */
@Injectable()
export class HandshakeService implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(HttpAdapterHost) private readonly adapters: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    // Without gateways nobody listens, and to be the only one would leave such requests without an answer.
    const server = httpServerOf(this.adapters);
    if (server && server.listenerCount('upgrade') > 0) server.on('upgrade', remember);
  }

  onApplicationShutdown(): void {
    httpServerOf(this.adapters)?.off('upgrade', remember);
  }
}

function remember(request: IncomingMessage): void {
  rememberHandshake(request.socket, { headers: request.headers, ip: request.socket.remoteAddress });
}
