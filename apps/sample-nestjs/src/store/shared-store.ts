import type { Store } from '@latchkey/core';
import { redisStore } from '@latchkey/store-redis';
import type { OnModuleInit } from '@nestjs/common';
import { createClient } from 'redis';
import type { Config } from '../config/config.js';
import type { Log } from '../logging/log.js';

/**
 * What all processes of the application have in common: sessions, limits and the pace, in Redis. While Redis is down the
 * application runs on, and does not do what needs it.
 */
export class SharedStore implements OnModuleInit {
  /** None where the configuration names no Redis: each process then has all of it in its own memory. */
  readonly store: Store | undefined;
  private readonly client: Client | undefined;
  private isLost = false;

  constructor(
    { redis }: Config,
    private readonly log: Log,
  ) {
    if (!redis) return;
    this.client = createClient({ url: redis.url });
    // Without it, an error ends the process.
    this.client.on('error', (error: unknown) => this.noteLost(error));
    this.client.on('ready', () => this.noteBack());
    this.store = redisStore({ client: this.client, secrets: redis.secrets, deadlineMs });
  }

  /** In the background, and again and again: it does not give up until it is closed. */
  onModuleInit(): void {
    this.client?.connect().catch((error: unknown) => this.noteLost(error));
  }

  /** To be called when all that uses the store has ended. */
  async close(): Promise<void> {
    const { client } = this;
    if (!client?.isOpen) return;
    // It waits for what is under way, of which a Redis that is down answers nothing.
    const late = setTimeout(() => client.destroy(), closeMs);
    await client.close();
    clearTimeout(late);
  }

  /** One line, however often it then tries in vain. */
  private noteLost(error: unknown): void {
    // `close()` ends the connection, and the waiting for one, too.
    if (this.isLost || !this.client?.isOpen) return;
    this.isLost = true;
    this.log.error(`Redis cannot be reached: ${reasonOf(error)}.`, SharedStore.name);
  }

  private noteBack(): void {
    if (this.isLost) this.log.warn('Redis can be reached again.', SharedStore.name);
    this.isLost = false;
  }
}

type Client = ReturnType<typeof createClient>;

// A page that comes late is better than none.
const deadlineMs = 1_000;
const closeMs = 1_000;

/** The code, or the first word of what Redis said: the rest may have an address in it, or a name. */
function reasonOf(error: unknown): string {
  const { code, message, constructor } = error as NodeJS.ErrnoException;
  return code ?? /^[A-Z]{2,}\b/.exec(message)?.[0] ?? constructor.name;
}
