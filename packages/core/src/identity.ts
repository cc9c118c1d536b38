/** Who an account belongs to, in the claim names of OpenID Connect Core 1.0, section 5.1, written in camel case. */
export interface Identity {
  /** Name of the provider that vouches for it. */
  readonly provider: string;
  /** Names the account at that provider, for good. */
  readonly subject: string;
  readonly email?: string;
  /** The full name, as it is shown. */
  readonly name?: string;
  readonly givenName?: string;
  readonly middleName?: string;
  readonly familyName?: string;
  /** URL of a picture. */
  readonly picture?: string;
}
