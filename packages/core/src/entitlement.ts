/** Something an account is allowed to use, and until when. */
export interface Entitlement {
  readonly id: string;
  readonly name?: string;
  /** Whether it may be used now. */
  readonly active: boolean;
  /** When it ends, in epoch milliseconds. Absent: it does not end. */
  readonly expiresAt?: number;
}
