/** The tokens that were given out, whose they are and until when they live. */
export interface TokenBook {
  /** Enters a token; one that is already there gets the new owner and end. */
  readonly enter: (token: string, entry: TokenEntry) => void;
  /** The entry of a live token; `undefined` for one that is unknown, expired or revoked. */
  readonly live: (token: string | undefined) => TokenEntry | undefined;
  /** The newest live token of an owner. */
  readonly newestOf: (owner: string) => (TokenEntry & { readonly token: string }) | undefined;
  readonly revoke: (token: string) => void;
  readonly revokeAllOf: (owner: string) => void;
  readonly revokeAll: () => void;
}

/** Whose a token is, and the moment from which it is refused. */
export interface TokenEntry {
  readonly owner: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** An empty book that reads the time from `now`. Expiry is compared on read; there are no timers. */
export function tokenBook({ now }: { readonly now: () => number }): TokenBook {
  const entries = new Map<string, TokenEntry>();

  function live(token: string | undefined): TokenEntry | undefined {
    const entry = token === undefined ? undefined : entries.get(token);
    return entry !== undefined && now() < entry.expiresAt ? entry : undefined;
  }

  const ofOwner = (owner: string) => [...entries].filter(([, entry]) => entry.owner === owner);

  return {
    enter(token, entry) {
      // A token that is entered again becomes the newest.
      entries.delete(token);
      entries.set(token, entry);
    },
    live,
    newestOf(owner) {
      const newest = ofOwner(owner).findLast(([token]) => live(token) !== undefined);
      return newest && { token: newest[0], ...newest[1] };
    },
    revoke: (token) => void entries.delete(token),
    revokeAllOf: (owner) => ofOwner(owner).forEach(([token]) => entries.delete(token)),
    revokeAll: () => entries.clear(),
  };
}
