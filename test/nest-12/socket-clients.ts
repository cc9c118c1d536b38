import { once } from 'node:events';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

export interface Message {
  readonly event: string;
  readonly data: unknown;
}

/** A connection to a gateway. */
export interface SocketClient {
  send(event: string, data?: unknown): void;
  /** The next message that came. */
  next(): Promise<Message>;
  /** Sends a message, and gives the next that comes. */
  ask(event: string, data?: unknown): Promise<Message>;
  close(): Promise<void>;
}

export interface Handshake {
  readonly headers?: Readonly<Record<string, string>>;
  /** Of socket.io only. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** Of socket.io only, which goes without WebSockets as well. */
  readonly transport?: 'websocket' | 'polling';
}

export async function openWs(origin: string, { headers = {} }: Handshake = {}): Promise<SocketClient> {
  const socket = new WebSocket(origin.replace(/^http/, 'ws'), { headers });
  const inbox = createInbox();
  socket.on('message', (data: Buffer) => inbox.put(JSON.parse(data.toString()) as Message));
  await once(socket, 'open');
  const send = (event: string, data?: unknown) => socket.send(JSON.stringify({ event, data }));
  return {
    send,
    next: inbox.next,
    ask(event, data) {
      send(event, data);
      return inbox.next();
    },
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

export async function openSocketIo(
  origin: string,
  { headers = {}, auth = {}, transport = 'websocket' }: Handshake = {},
): Promise<SocketClient> {
  const socket = io(origin, {
    transports: [transport],
    extraHeaders: { ...headers },
    auth: { ...auth },
    forceNew: true,
    reconnection: false,
  });
  const inbox = createInbox();
  socket.onAny((event: string, data: unknown) => inbox.put({ event, data }));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  const send = (event: string, data?: unknown) => void socket.emit(event, data);
  return {
    send,
    next: inbox.next,
    ask(event, data) {
      send(event, data);
      return inbox.next();
    },
    async close() {
      socket.close();
    },
  };
}

function createInbox() {
  const messages: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  return {
    put(message: Message) {
      const give = waiting.shift();
      if (give) give(message);
      else messages.push(message);
    },
    next(): Promise<Message> {
      const message = messages.shift();
      if (message) return Promise.resolve(message);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
