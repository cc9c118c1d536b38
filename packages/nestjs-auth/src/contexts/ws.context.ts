import type { Socket } from 'node:net';
import type { ExecutionContext } from '@nestjs/common';
import type { ClientRequest, Credential } from '../latchkey.options.js';
import type { CallContext } from './call-context.js';

/** Messages of WebSockets, with socket.io and with ws. The credential is that of the handshake. */
export const wsContext: CallContext = {
  credential(context): Credential | undefined {
    const token = clientOf(context).handshake?.auth?.['token'];
    if (typeof token === 'string' && token !== '') return token;
    const handshake = handshakeOf(clientOf(context));
    // Without the method: whatever page opened the connection, the browser added the cookie (S3).
    return handshake && { headers: handshake.headers };
  },

  request: (context) => handshakeOf(clientOf(context)),

  carrier(context) {
    const data = context.getArgByIndex<unknown>(1);
    return typeof data === 'object' && data !== null ? data : clientOf(context);
  },

  isShared: (carrier, context) => carrier === clientOf(context),

  async exception({ body }) {
    const { WsException } = await import('@nestjs/websockets');
    return new WsException({ status: 'error', ...body });
  },
};

/**
 * Notes the request that opened a connection of `ws`, which keeps none: for gateways with a port of their own, whose guard
 * else finds no credential. Gateways on the port of the application need not call it, nor do those of socket.io.
 *
 * @example
 * handleConnection(client: WebSocket, request: IncomingMessage) {
 *   rememberHandshake(client, request);
 * }
 */
export function rememberHandshake(client: object, request: ClientRequest): void {
  Object.defineProperty(client, handshakeKey, { value: request, configurable: true });
}

interface Client {
  /** As socket.io has it. */
  readonly handshake?: {
    readonly headers: ClientRequest['headers'];
    readonly address?: string;
    readonly auth?: Readonly<Record<string, unknown>>;
  };
  readonly [handshakeKey]?: ClientRequest;
  /** What `ws` runs over. */
  readonly _socket?: Socket & { readonly [handshakeKey]?: ClientRequest };
}

function clientOf(context: ExecutionContext): Client {
  return context.getArgByIndex<Client>(0);
}

function handshakeOf({
  handshake,
  _socket: socket,
  [handshakeKey]: noted,
}: Client): ClientRequest | undefined {
  if (handshake) return { headers: handshake.headers, ip: handshake.address };
  return noted ?? socket?.[handshakeKey];
}

// Registered, so that two installed copies of this package know each other's.
const handshakeKey: unique symbol = Symbol.for('@latchkey/nestjs-auth/handshake') as never;
