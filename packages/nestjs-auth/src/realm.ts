/** Has `carrier` keep the name of the set of providers that its route belongs to; the one without a name needs no note. */
export function noteRealm(carrier: object, realm: string | undefined): void {
  if (realm !== undefined)
    Object.defineProperty(carrier, 'latchkeyRealm', { value: realm, configurable: true });
}

/** That name, if there is one. */
export function realmOf(carrier: object): string | undefined {
  return (carrier as Carrier).latchkeyRealm;
}

interface Carrier {
  latchkeyRealm?: string;
}
