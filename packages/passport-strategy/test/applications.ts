import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
// @ts-expect-error -- its types are not installed; for what is used here those of Express 5 hold
import express4 from 'express-4';

/** Both versions of Express, by name; of the older one, what the newer has as well. */
export const expresses: readonly (readonly [string, typeof express])[] = [
  ['Express 4', express4 as typeof express],
  ['Express 5', express],
];

/** An application that listens on loopback. */
export interface Served extends AsyncDisposable {
  readonly origin: string;
  post(path: string, body: object, headers?: Record<string, string>): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

/** Serves `app` on a free port until it is disposed of. */
export async function served(app: RequestListener): Promise<Served> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    post: (path, body, headers = {}) =>
      fetch(origin + path, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    get: (path, headers = {}) => fetch(origin + path, { redirect: 'manual', headers }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
