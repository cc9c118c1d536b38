import { hash, randomBytes } from 'node:crypto';

/** A new id: 256 random bits, as 43 characters of base64url. */
export function newSessionId(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether `value` has the shape of an id. What has not is nobody's, and no store need be asked. */
export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** What an id opens: one key to find a session by, and another to open what is kept there. */
export interface SessionKeys {
  /** Where the session is kept. Tells nothing of the id, nor of the other key. */
  readonly lookup: string;
  /** Makes the key that seals what is kept. */
  seal(): Buffer;
}

/**
 * The keys of an id: a hash for each label. All that is hashed is 256 random bits of one length behind a label of ours, so that
 * an HMAC would add nothing but time.
 *
 * The text of the id is what counts: of several that decode to the same bytes, one is the id.
 *
 * @param scope keeps the sessions of one application from those of another: the same id opens nothing there.
 */
export function sessionKeys(id: string, scope = ''): SessionKeys {
  return {
    lookup: hash('sha256', `latchkey session 1: lookup ${scope} ${id}`, 'base64url'),
    seal: () => hash('sha256', `latchkey session 1: seal ${scope} ${id}`, 'buffer'),
  };
}
