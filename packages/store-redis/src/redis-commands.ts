import { kindOf, type RedisClient } from './redis-client.js';

/** An argument of a command. */
export type Argument = string | Buffer;

/** Sends commands, whatever the client. Bulk strings come back as bytes. */
export interface RedisCommands {
  /** Whether the keys of one command have to lie in one slot. */
  readonly isCluster: boolean;
  /** @param key tells a cluster where the command goes: to the master of its slot, which has no delay behind itself. */
  send(key: string, command: readonly Argument[]): Promise<unknown>;
}

export function redisCommands(client: RedisClient): RedisCommands {
  const nodeRedis = client as { sendCommand(...args: unknown[]): Promise<unknown> };
  const ioredis = client as { callBuffer(...args: unknown[]): Promise<unknown> };
  const kind = kindOf(client);
  switch (kind) {
    case 'ioredis':
    case 'ioredis-cluster':
      // It finds the key in the command.
      return {
        isCluster: kind === 'ioredis-cluster',
        send: (_key, command) => ioredis.callBuffer(...command),
      };
    case 'node-redis-cluster':
      return { isCluster: true, send: (key, command) => nodeRedis.sendCommand(key, false, command, asBytes) };
    case 'node-redis-sentinel':
      return { isCluster: false, send: (_key, command) => nodeRedis.sendCommand(false, command, asBytes) };
    default:
      return { isCluster: false, send: (_key, command) => nodeRedis.sendCommand(command, asBytes) };
  }
}

/** The number of a reply, in whatever form a client gives it. */
export function numberIn(reply: unknown): number {
  return Number(reply instanceof Buffer ? reply.toString() : reply);
}

// By the first byte of a bulk string in the protocol.
const asBytes = Object.freeze({ typeMapping: Object.freeze({ ['$'.charCodeAt(0)]: Buffer }) });
