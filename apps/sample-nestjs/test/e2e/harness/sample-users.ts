/** Who signs in, and where: users that the emulators have from the start. */
export interface Person {
  readonly provider: 'cryptlex' | 'lclx';
  readonly email: string;
  readonly password: string;
}

/** Six licences, among them none for what a test calls its licensed product. */
export const vendorDemo: Person = {
  provider: 'cryptlex',
  email: 'demo@example.com',
  password: 'sample-password-1',
};

/** 237 licences. */
export const vendorMany: Person = {
  provider: 'cryptlex',
  email: 'many@example.com',
  password: 'sample-password-4',
};

/** Has a second factor; the code is always right. */
export const vendorFactor: Person & { readonly code: string } = {
  provider: 'cryptlex',
  email: 'factor@example.com',
  password: 'sample-password-2',
  code: '123456',
};

export const vendorLocked: Person = {
  provider: 'cryptlex',
  email: 'locked@example.com',
  password: 'sample-password-3',
};

export const freightDemo: Person = {
  provider: 'lclx',
  email: 'demo@example.com',
  password: 'sample-password-1',
};

export const freightSecond: Person = {
  provider: 'lclx',
  email: 'second@example.com',
  password: 'sample-password-2',
};

export const freightDisabled: Person = {
  provider: 'lclx',
  email: 'disabled@example.com',
  password: 'sample-password-3',
};
