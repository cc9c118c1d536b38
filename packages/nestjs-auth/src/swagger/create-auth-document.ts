import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { SwaggerModule, type OpenAPIObject, type SwaggerDocumentOptions } from '@nestjs/swagger';
import type { LatchkeySettings } from '../latchkey.settings.js';
import { settingsToken } from '../latchkey.tokens.js';
import { fromSet } from '../set-lookup.js';
import { authOperations, ownSettings } from './auth-operations.js';
import { authSchemas } from './auth-schemas.js';
import { errorSchemas } from './error-responses.js';
import { guardLookup } from './guard-lookup.js';
import { describeAccess } from './guarded-operation.js';
import { routesOf } from './route.js';
import type { Schemas } from './schemas.js';
import { securitySchemes, type SecuritySchemes } from './security-schemes.js';
import { traced, type Operation } from './traced-document.js';

/**
 * Creates the OpenAPI document of an application as `SwaggerModule.createDocument` does, with the same arguments, and says in
 * it what `AuthGuard` does: how each operation is secured, and which errors it answers.
 *
 * - The schemes are `latchkey-cookie` and `latchkey-bearer`, as far as they are in use; those of a set of providers with a
 *   name have `-<name>` added.
 * - What only somebody signed in may call has either as its `security`, and 401. `@OptionalAuth()` adds `{}` to them, and
 *   `@Public()` is `security: []` with `x-public: true`. Nothing is said of handlers that `AuthGuard` does not guard.
 * - 403 is added where `@Providers()`, `@RequireEntitlement()` or the same-origin check may refuse, and 429 where a limit may.
 * - The routes of `LatchkeyModule` are described in full.
 *
 * Security and answers that the application declares at an operation or its class stay as they are, and so do components of
 * the same name. Metadata of the application's classes is as before when this returns.
 *
 * @throws LatchkeyError `invalid_config` where a route belongs to a set of providers that the application does not have.
 *
 * @example
 * const config = new DocumentBuilder().setTitle('Orders').build();
 * SwaggerModule.setup('docs', app, () => createAuthDocument(app, config));
 */
export function createAuthDocument(
  app: INestApplication,
  config: Omit<OpenAPIObject, 'paths'>,
  options?: SwaggerDocumentOptions,
): OpenAPIObject {
  const create = () => SwaggerModule.createDocument(app, config, options);
  const { document, operations } = traced(routesOf(app.get(ModulesContainer)), create);
  const settingsOf = (realm: string | undefined) => fromSet<LatchkeySettings>(app, settingsToken, realm);
  const isGuarded = guardLookup(app);
  /** The sets of providers that are spoken of. */
  const used = new Set<LatchkeySettings>();
  let hasOwnRoutes = false;

  for (const found of operations) {
    const { operation, route } = found;
    const own = ownSettings(route);
    if (own) {
      describeOwn(operation, route.name, own);
      hasOwnRoutes = true;
    }
    const settings = own ?? (isGuarded(route) ? describeAccess(found, settingsOf) : undefined);
    if (settings) used.add(settings);
  }
  return withComponents(document, {
    securitySchemes: Object.assign({}, ...[...used].map(securitySchemes)) as SecuritySchemes,
    schemas: { ...(used.size > 0 && errorSchemas), ...(hasOwnRoutes && authSchemas) },
  });
}

function describeOwn(operation: Operation, name: string, settings: LatchkeySettings): void {
  Object.assign(operation, authOperations(settings)[name]);
  // The controllers of two sets of providers are of one name, and ids must be unique.
  if (settings.name !== undefined) operation.operationId = `${operation.operationId}_${settings.name}`;
}

/** Those that the document has already stay as they are. */
function withComponents(
  document: OpenAPIObject,
  added: { readonly securitySchemes: SecuritySchemes; readonly schemas: Schemas },
): OpenAPIObject {
  const { components = {} } = document;
  const securitySchemes = { ...added.securitySchemes, ...components.securitySchemes };
  return {
    ...document,
    components: {
      ...components,
      ...(Object.keys(securitySchemes).length > 0 && { securitySchemes }),
      schemas: { ...added.schemas, ...components.schemas },
    },
  };
}
