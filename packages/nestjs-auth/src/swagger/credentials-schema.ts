import type { Provider } from '@latchkey/core';
import { z } from 'zod';
import type { Schema } from './schemas.js';

/** The body of a sign-in: the credentials of any of the providers, and how the session is to be carried. */
export function credentialsSchema(providers: readonly Provider[], transports: readonly string[]): Schema {
  const bodies = new Map(
    providers.map(({ credentials }) => {
      const body = bodySchema(credentials, transports);
      return [JSON.stringify(body), body];
    }),
  );
  const [first, ...others] = bodies.values();
  return first && others.length === 0 ? first : { anyOf: [...bodies.values()] };
}

function bodySchema(credentials: z.ZodType, transports: readonly string[]): Schema {
  const { properties = {}, required = [] } = fieldsOf(credentials);
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: {
      ...Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [name, fieldSchema(name, field)]),
      ),
      transport: { type: 'string', enum: [...transports], default: transports[0] },
    },
  };
}

interface Fields {
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: string[];
}

interface Field {
  readonly type?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

function fieldsOf(credentials: z.ZodType): Fields {
  try {
    return z.toJSONSchema(credentials, {
      io: 'input',
      unrepresentable: 'any',
      target: 'openapi-3.0',
    }) as Fields;
  } catch {
    // A provider of the application's own may read credentials in a way that no schema can say.
    return {};
  }
}

/** What every version of OpenAPI reads alike. Patterns are left out: theirs have no flag for Unicode. */
function fieldSchema(name: string, { type, minLength, maxLength }: Field): Schema {
  return {
    ...(type !== undefined && { type }),
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
    ...(name === 'password' && { format: 'password' }),
  };
}
