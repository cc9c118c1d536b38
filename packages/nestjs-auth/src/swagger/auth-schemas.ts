import type { Schemas } from './schemas.js';

/** What the routes of `LatchkeyModule` answer. */
export const authSchemas: Schemas = {
  LatchkeySession: {
    type: 'object',
    required: ['identity'],
    properties: {
      identity: { $ref: '#/components/schemas/LatchkeyIdentity' },
      expiresAt: {
        type: 'integer',
        format: 'int64',
        description:
          "When the session ends at the latest, in epoch milliseconds. Absent with a token of the provider's own.",
      },
      id: {
        type: 'string',
        description: "What gives access to the session: from sign-in with `transport: 'bearer'` only.",
      },
    },
  },
  LatchkeyIdentity: {
    type: 'object',
    required: ['provider', 'subject'],
    properties: {
      provider: { type: 'string', description: 'Name of the provider that vouches for it.' },
      subject: { type: 'string', description: 'Names the account at that provider, for good.' },
      email: { type: 'string' },
      name: { type: 'string', description: 'The full name, as it is shown.' },
      givenName: { type: 'string' },
      middleName: { type: 'string' },
      familyName: { type: 'string' },
      picture: { type: 'string', description: 'URL of a picture.' },
    },
  },
  LatchkeyProviders: {
    type: 'object',
    required: ['providers'],
    properties: {
      providers: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'secondFactor'],
          properties: {
            name: { type: 'string' },
            secondFactor: { type: 'boolean', description: 'Whether accounts can have a second factor.' },
          },
        },
      },
    },
  },
};
