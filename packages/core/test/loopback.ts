import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a server saw of one request; `body` grows until it has been read. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  body: string;
}

/** A server on a free port of this machine, which ends with the test that started it. */
export interface LoopbackServer {
  readonly origin: string;
  readonly port: number;
  /** Recorded when the head has been read. */
  readonly requests: ReceivedRequest[];
  /** Sockets that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** Connections accepted so far. */
  readonly accepted: number;
  close(): Promise<void>;
}

export type Handler = (request: ReceivedRequest, response: ServerResponse) => void;

/** Starts an HTTP server; `handler` is called when the body of a request has been read. */
export async function startHttp(handler: Handler, { port = 0 } = {}): Promise<LoopbackServer> {
  const requests: ReceivedRequest[] = [];
  return listening(http.createServer(recording(requests, handler)), 'http', requests, port);
}

/** The same over TLS. */
export async function startHttps(
  tls: { readonly key: string; readonly cert: string },
  handler: Handler,
): Promise<LoopbackServer> {
  const requests: ReceivedRequest[] = [];
  return listening(https.createServer(tls, recording(requests, handler)), 'https', requests, 0);
}

/** Starts a server of bare sockets. `onData` is told all that has come in on a connection each time more does. */
export async function startRaw(onData: (socket: Socket, received: string) => void): Promise<LoopbackServer> {
  const server = net.createServer((socket) => {
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
      onData(socket, received);
    });
  });
  return listening(server, 'http', [], 0);
}

/** A server that answers every request with these bytes, and then closes the connection. */
export async function startReplying(...parts: readonly (string | Uint8Array)[]): Promise<LoopbackServer> {
  return startRaw((socket, received) => {
    if (!hasWholeRequest(received) || socket.writableEnded) return;
    for (const part of parts) socket.write(part);
    socket.end();
  });
}

/** Whether `received` holds the head and the whole declared body of a request. */
export function hasWholeRequest(received: string): boolean {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const declared = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, end))?.[1] ?? '0';
  return received.length - end - 4 >= Number(declared);
}

/** An origin where nothing listens. */
export async function deadOrigin(): Promise<string> {
  const { origin, close } = await startRaw(() => {});
  await close();
  return origin;
}

function recording(requests: ReceivedRequest[], handler: Handler): http.RequestListener {
  return (request, response) => {
    const { method = '', url = '', headers } = request;
    const received: ReceivedRequest = { method, url, headers, body: '' };
    requests.push(received);
    request.setEncoding('utf8');
    request.on('data', (text: string) => (received.body += text));
    request.on('end', () => handler(received, response));
    request.on('error', () => {}); // a client that left
    response.on('error', () => {});
  };
}

async function listening(
  server: net.Server,
  scheme: string,
  requests: ReceivedRequest[],
  port: number,
): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // a client that left
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return {
    origin: `${scheme}://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    sockets,
    close,
    get accepted() {
      return accepted;
    },
  };
}
