import { startCryptlexEmulator, startLclxEmulator, type CryptlexUserInput } from '@latchkey/emulators';
import type { CryptlexOptions } from '@latchkey/provider-cryptlex';
import type { LclxOptions } from '@latchkey/provider-lclx';

/** Emulators of both providers, and how they are reached. */
export interface Demonstration {
  readonly cryptlex: CryptlexOptions;
  readonly lclx: LclxOptions;
  stop(): Promise<void>;
}

export async function startDemonstration(): Promise<Demonstration> {
  const [cryptlex, lclx] = await Promise.all([
    startCryptlexEmulator({ users: sampleUsers(Date.now()) }),
    startLclxEmulator(),
  ]);
  return {
    cryptlex: { accountAlias: cryptlex.accountAlias, origin: cryptlex.origin },
    lclx: { origin: lclx.origin },
    stop: async () => {
      await Promise.all([cryptlex.stop(), lclx.stop()]);
    },
  };
}

/** What the demonstration tells of its users. */
export const sampleAccounts = `\
  demo@example.com    sample-password-1  at either provider
  factor@example.com  sample-password-2  at Cryptlex, with the code 123456 and no licence of the Renderer`;

/** The product whose licence opens the downloads. */
export const sampleProductId = '11111111-0000-4000-8000-000000000002';

function sampleUsers(now: number): CryptlexUserInput[] {
  const inDays = (days: number) => new Date(now + days * 86_400_000).toISOString();
  const editor = sampleProduct('11111111-0000-4000-8000-000000000001', 'Sample Editor');
  const renderer = sampleProduct(sampleProductId, 'Sample Renderer');
  const server = sampleProduct('11111111-0000-4000-8000-000000000003', 'Sample Server');
  const licenses = [
    { product: renderer, totalActivations: 3, allowedActivations: 5, expiresAt: inDays(290) },
    { product: editor, totalActivations: 2, allowedActivations: 2 },
    { product: server, totalActivations: 41, allowedActivations: -1, expiresAt: inDays(19) },
    { product: renderer, totalActivations: 1, allowedActivations: 1, expiresAt: inDays(-75) },
    { product: server, allowedActivations: 10, expiresAt: inDays(120), suspended: true },
    { product: editor, totalActivations: 4, allowedActivations: 4, expiresAt: inDays(400), revoked: true },
  ];
  // The newest first, as the account page has them, and enough for a second page of them.
  const older = Array.from({ length: 9 }, (_, number) => ({
    product: number % 2 === 0 ? editor : server,
    totalActivations: number % 4,
    allowedActivations: 3,
    expiresAt: inDays(-30 * (number + 4)),
  }));
  const created = (number: number) => ({ createdAt: inDays(-40 * (number + 1)) });
  return [
    {
      email: 'demo@example.com',
      password: 'sample-password-1',
      licenses: [...licenses, ...older].map((license, number) => ({ ...license, ...created(number) })),
    },
    {
      email: 'factor@example.com',
      password: 'sample-password-2',
      twoFactorCode: '123456',
      licenses: [{ product: editor, allowedActivations: 2, expiresAt: inDays(200) }],
    },
  ];
}

function sampleProduct(id: string, displayName: string) {
  const description = `${displayName}, a product of no company`;
  return { id, displayName, description, iconUrl: 'https://example.com/icon.png' };
}
