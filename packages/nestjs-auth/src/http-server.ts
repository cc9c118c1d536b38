import type { Server } from 'node:http';
import type { HttpAdapterHost } from '@nestjs/core';

/** The HTTP server of the application; `undefined` where that has none, or one of HTTP/2. */
export function httpServerOf({ httpAdapter }: HttpAdapterHost): Server | undefined {
  const adapter = httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
  const server: unknown = adapter?.getHttpServer();
  return typeof server === 'object' && server !== null && 'closeIdleConnections' in server
    ? (server as Server)
    : undefined;
}
