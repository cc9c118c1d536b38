import type { PaceOptions } from '@latchkey/core';

/**
 * Cryptlex lets through 50 requests in 5 seconds from one address; a few are left for others behind it. Each provider, and
 * each client with connections of its own, keeps it for itself, unless they are given a store to keep it together in.
 */
export const cryptlexPace: PaceOptions = Object.freeze({ requests: 45, perMs: 5_000 });
