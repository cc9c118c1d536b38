import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { withLoopbackPort } from './loopback-port.js';

/** A network in front of a port of this machine, which can be slow, cut or silent. */
export interface TcpProxy {
  /** Where clients connect to. */
  readonly port: number;
  /** Holds what is sent from now on back for so long, in each direction, in order. */
  delay(ms: number): void;
  /** Drops all connections, and refuses new ones. */
  cut(): Promise<void>;
  /** Accepts connections, swallows what is sent, and passes nothing on, of connections that are open too. */
  hang(): void;
  /** Ends `cut`, `hang` and `delay`. Connections that hung are dropped, since something of them is lost. */
  restore(): Promise<void>;
  /** Ends it and all of its connections. */
  stop(): Promise<void>;
}

/** Starts one in front of `targetPort`. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const state: Condition = { delayMs: 0, isHanging: false };
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // its other side is dropped with it
    socket.setNoDelay();
  };
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const target = net.connect({ host, port: targetPort, allowHalfOpen: true });
    keep(client);
    keep(target);
    passOn(client, target, state);
    passOn(target, client, state);
  });
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  const listen = async (port: number) => {
    server.listen(port, host);
    await once(server, 'listening');
    return port;
  };
  const cut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    drop();
    await closed;
  };
  const port = await withLoopbackPort(listen);
  return {
    port,
    delay: (ms) => (state.delayMs = ms),
    cut,
    hang: () => (state.isHanging = true),
    async restore() {
      if (state.isHanging) drop();
      Object.assign(state, { delayMs: 0, isHanging: false });
      if (!server.listening) await listen(port);
    },
    stop: cut,
  };
}

const host = '127.0.0.1';

interface Condition {
  delayMs: number;
  isHanging: boolean;
}

/** Passes on what comes from one side to the other, and its end, in order, each when its time has come. */
function passOn(from: Socket, to: Socket, state: Condition): void {
  const waiting: { readonly dueAt: number; readonly pass: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const passDue = () => {
    timer = undefined;
    while (waiting.length > 0 && waiting[0]!.dueAt <= performance.now()) {
      const { pass } = waiting.shift()!;
      if (!state.isHanging && !to.destroyed) pass();
    }
    // Only of the first: who was sent later does not overtake, also when the delay has become shorter.
    if (waiting.length > 0) timer = setTimeout(passDue, waiting[0]!.dueAt - performance.now());
  };
  const hold = (pass: () => void) => {
    waiting.push({ dueAt: performance.now() + state.delayMs, pass });
    if (timer === undefined) passDue();
  };
  from.on('data', (data) => hold(() => to.write(data)));
  from.on('end', () => hold(() => to.end()));
  from.on('close', () => {
    // It was dropped, and has not ended: what it had sent before is lost as well.
    if (!from.readableEnded) to.destroy();
  });
  to.on('close', () => {
    clearTimeout(timer);
    waiting.length = 0;
  });
}
