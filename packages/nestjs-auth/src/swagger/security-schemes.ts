import type { OpenAPIObject } from '@nestjs/swagger';
import type { LatchkeySettings } from '../latchkey.settings.js';

/** Schemes of a document, by their names. */
export type SecuritySchemes = NonNullable<NonNullable<OpenAPIObject['components']>['securitySchemes']>;

/** The ways in which a caller can show who it is, as far as the settings of a set of providers have them. */
export function securitySchemes(settings: LatchkeySettings): SecuritySchemes {
  const { cookies, acceptsCookie, acceptsBearer, upstreamTokens, name } = settings;
  const suffix = name === undefined ? '' : `-${name}`;
  return {
    ...(acceptsCookie && {
      [`latchkey-cookie${suffix}`]: {
        type: 'apiKey',
        in: 'cookie',
        name: cookies.name,
        description: 'The session, as sign-in sets it.',
      },
    }),
    ...((acceptsBearer || upstreamTokens) && {
      [`latchkey-bearer${suffix}`]: {
        type: 'http',
        scheme: 'bearer',
        description: bearerDescription(acceptsBearer, upstreamTokens !== undefined),
      },
    }),
  };
}

function bearerDescription(takesIds: boolean, takesTokens: boolean): string {
  const id = "The `id` that sign-in gives with `transport: 'bearer'`";
  const token = "an access token of the provider's own";
  if (!takesTokens) return `${id}.`;
  return takesIds ? `${id}, or ${token}.` : `A${token.slice(1)}.`;
}

/** The requirement that one of these schemes, whichever it is, be met. */
export function eitherOf(schemes: SecuritySchemes): Record<string, string[]>[] {
  return Object.keys(schemes).map((name) => ({ [name]: [] }));
}
