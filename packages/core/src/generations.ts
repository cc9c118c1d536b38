import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.js';
import { hashed } from './hashed.js';
import type { Identity } from './identity.js';
import { LatchkeyError } from './latchkey-error.js';
import type { Store } from './store.js';

/**
 * The generation of each account: a random word that its sessions bear. A session whose word is not that of today has
 * ended, so that all sessions of an account end at once and none has to be known for it.
 */
export interface Generations {
  /** Where the word of an account is kept. */
  keyOf(account: GenerationOwner): string;
  /** The word of today, made where there is none, and kept for `forMs` at least. */
  joined(account: GenerationOwner, forMs: number): Promise<string>;
  /** Ends it: words are never used twice. */
  end(account: GenerationOwner): Promise<void>;
}

/** An account, and at which of the places where the provider is. */
export interface GenerationOwner {
  readonly audience: string;
  readonly identity: Pick<Identity, 'provider' | 'subject'>;
}

export function createGenerations(store: Store, clock: Clock): Generations {
  return {
    keyOf,

    async joined(account, forMs) {
      const key = keyOf(account);
      for (let tries = 0; tries < mostTries; tries += 1) {
        const now = clock.now();
        const text = await store.get(key);
        const { word, endsAt } = text === undefined ? { word: newWord(), endsAt: 0 } : parted(text);
        if (endsAt >= now + forMs) return word;
        // Longer than it need be, so that not every sign-in has to write.
        const ttlMs = Math.ceil(forMs * 1.25);
        if (await store.replace(key, text, `${word}.${now + ttlMs}`, { ttlMs })) return word;
      }
      throw new LatchkeyError('store_error', {
        message: 'The store lets nobody write the generation of an account.',
      });
    },

    end: (account) => store.delete(keyOf(account)),
  };
}

/** Whether `kept`, what stands at the key of an account, has that word. */
export function isGeneration(word: string, kept: string | undefined): boolean {
  return kept?.[word.length] === '.' && kept.startsWith(word);
}

function keyOf({ audience, identity: { provider, subject } }: GenerationOwner): string {
  const text = JSON.stringify([1, provider, audience, subject]);
  return `generation:${hashed(text)}`;
}

function newWord(): string {
  return randomBytes(16).toString('base64url');
}

function parted(text: string): { readonly word: string; readonly endsAt: number } {
  const [word = '', endsAt] = text.split('.');
  return { word, endsAt: Number(endsAt) };
}

// Each that fails was another's success.
const mostTries = 100;
