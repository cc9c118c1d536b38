import type { Socket } from 'node:net';
import type { ExecutionContext } from '@nestjs/common';
import type { ClientRequest, Credential } from '../latchkey.options.js';
import { noteAnswer } from '../noted-answer.js';
import type { CallContext } from './call-context.js';

/** Messages of WebSockets, with socket.io and with ws. The credential is that of the handshake. */
export const wsContext: CallContext = {
  keepsUser: false,
  credential(context): Credential | undefined {
    const token = clientOf(context).handshake?.auth?.['token'];
    if (typeof token === 'string' && token !== '') return token;
    const handshake = handshakeOf(clientOf(context));
    // Without the method: whatever page opened the connection, the browser added the cookie (S3).
    return handshake && { headers: handshake.headers };
  },

  request: (context) => handshakeOf(clientOf(context)),

  carrier(context) {
    const args = context.getArgs<unknown[]>();
    const known = args.find(isMessage);
    if (known) return known;
    const message: Message = { [messageKey]: true };
    // Before the pattern, which Nest takes from the end. Decorators of parameters get copies of this list.
    args.splice(-1, 0, message);
    return message;
  },

  async exception(answer) {
    const { body } = answer;
    const { WsException } = await import('@nestjs/websockets');
    return noteAnswer(new WsException({ status: 'error', ...body }), answer);
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

/** Stands for one message: its client is that of others, too, and its data may be text. */
interface Message {
  readonly [messageKey]: true;
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && messageKey in value;
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
const messageKey: unique symbol = Symbol.for('@latchkey/nestjs-auth/message') as never;
const handshakeKey: unique symbol = Symbol.for('@latchkey/nestjs-auth/handshake') as never;
