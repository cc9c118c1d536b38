import { kindOf, type RedisSubscriber } from './redis-client.js';

/** What is told of values that were changed, in this process and in others. */
export interface Invalidations {
  /**
   * Whether all that was changed more than 100 ms ago has been told by now. What a connection brings comes in order, so that
   * an answer to a PING shows that everything is here that was told before the PING was sent. To ask keeps it so.
   */
  areTold(at: number): boolean;
  /** Leaves the channel. */
  close(): Promise<void>;
}

/**
 * Listens on a connection of its own. When that comes, goes, or comes back, anything may have been missed.
 *
 * There are no timers: the connection is shown to work while somebody asks whether it does.
 *
 * @param options.onChange is told the names of what was changed; without names: anything may have been.
 * @param options.now a monotonic clock.
 */
export function createInvalidations(options: {
  readonly subscriber: RedisSubscriber;
  readonly channel: string;
  readonly onChange: (names?: readonly string[]) => void;
  readonly now: () => number;
}): Invalidations {
  const { channel, onChange, now } = options;
  const subscriber = options.subscriber as unknown as Subscriber;
  const isIoredis = kindOf(subscriber) === 'ioredis';
  /** Of the connection: how often it has come or gone. */
  let life = 0;
  let isSubscribed = false;
  /** Everything that was told before this has come. */
  let provenAt = -Infinity;
  let triedAt = -Infinity;
  let proof: Promise<void> | undefined;
  let isClosed = false;

  const onMessage = (message: string) => onChange(message.split(' '));
  const onMessageOf = (from: string, message: string) => {
    if (from === channel) onMessage(message);
  };
  for (const event of turns) subscriber.on(event, onTurn);
  if (isIoredis) subscriber.on('message', onMessageOf);

  return {
    areTold(at) {
      if (at >= triedAt + provenEveryMs && !proof && !isClosed) {
        triedAt = at;
        // That it failed shows in that nothing is proven.
        proof = prove().then(endOfProof, endOfProof);
      }
      return at < provenAt + mostBehindMs;
    },

    async close() {
      isClosed = true;
      onTurn();
      for (const event of turns) subscriber.off(event, onTurn);
      subscriber.off('message', onMessageOf);
      // A client that is still to connect would do so for this.
      if (triedAt === -Infinity) return;
      // With ioredis a connection is subscribed or not, whoever asked for it; another store may still listen here.
      if (isIoredis && subscriber.listenerCount('message') > 0) return;
      const leave = () => subscriber.unsubscribe(channel, ...(isIoredis ? [] : [onMessage]));
      // Lost with a connection that went, it is sent again on the next, where the client has subscribed again by itself.
      await leave().catch(leave);
    },
  };

  function onTurn() {
    life += 1;
    isSubscribed = false;
    provenAt = -Infinity;
    onChange();
  }

  async function prove(): Promise<void> {
    const ofLife = life;
    if (!isSubscribed) {
      await subscriber.subscribe(channel, ...(isIoredis ? [] : [onMessage]));
      if (life !== ofLife) return;
      isSubscribed = true;
    }
    const sentAt = now();
    await subscriber.ping();
    if (life === ofLife) provenAt = sentAt;
  }

  function endOfProof() {
    proof = undefined;
  }
}

/** What both libraries have, as it is used here. */
interface Subscriber {
  subscribe(channel: string, ...listener: ((message: string) => void)[]): Promise<unknown>;
  unsubscribe(channel: string, ...listener: ((message: string) => void)[]): Promise<unknown>;
  ping(): Promise<unknown>;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
  listenerCount(event: string): number;
}

// An `error` tells no more than these, and to listen to it would change what an application hears of.
const turns = ['connect', 'ready', 'reconnecting', 'close', 'end'];
const mostBehindMs = 100;
const provenEveryMs = 40;
