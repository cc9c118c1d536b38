import { createHash } from 'node:crypto';
import type { Argument, RedisCommands } from './redis-commands.js';

/** A program that Redis runs in one step. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** Runs it by its hash, and in full where Redis does not know it: after a restart, say, or on another node. */
export async function run(
  commands: RedisCommands,
  { text, sha1 }: Script,
  keys: readonly [string, ...string[]],
  args: readonly Argument[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await commands.send(keys[0], ['EVALSHA', sha1, ...rest]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await commands.send(keys[0], ['EVAL', text, ...rest]);
  }
}
