import type { Type } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { Route } from './route.js';

/** One operation of a document. */
export type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** An operation, and what it comes from. */
export interface TracedOperation {
  readonly operation: Operation;
  /** In lower case. */
  readonly method: string;
  readonly route: Route;
}

/**
 * Has `create` make a document, and tells which of the routes each of its operations comes from.
 *
 * A document does not tell: names of classes are not unique, ids of operations are the application's to choose, and paths
 * come of prefixes, versions and hosts. So each class and each handler carries a mark in its metadata while `create` runs,
 * which must be done when it returns. Classes that inherit one handler are told apart by their own marks.
 */
export function traced(
  routes: readonly Route[],
  create: () => OpenAPIObject,
): { readonly document: OpenAPIObject; readonly operations: readonly TracedOperation[] } {
  const owners = [...new Set(routes.map(({ owner }) => owner))];
  const handlers = [...new Set(routes.map(({ handler }) => handler))];
  const document = whileMarked(owners, handlers, create);
  // Webhooks are what the application sends: nobody asks it for them.
  for (const path of Object.values((document as WithWebhooks).webhooks ?? {})) {
    for (const operation of Object.values(path) as Operation[]) takeMarks(operation);
  }

  const operations = Object.values(document.paths)
    .flatMap((path) => Object.entries(path) as [string, Operation][])
    .flatMap(([method, operation]) => {
      const marks = takeMarks(operation);
      if (!marks) return [];
      const owner = owners[Number(marks.owner)];
      const candidates = routes.filter(({ handler }) => handler === handlers[marks.handler]);
      // `@ApiOperation({ security })` takes the place of what the class says, with the mark in it.
      const route = candidates.find((one) => one.owner === owner) ?? candidates[0];
      return route ? [{ operation, method, route }] : [];
    });
  return { document, operations };
}

function whileMarked<T>(owners: readonly Type[], handlers: readonly object[], run: () => T): T {
  // All are read before the first is marked: a class inherits the metadata of the one that it extends.
  const marks = [
    ...owners.map((owner, at) =>
      changed(owner, securityKey, (kept: readonly object[] = []) => [{ [ownerMark]: [String(at)] }, ...kept]),
    ),
    ...handlers.map((handler, at) =>
      changed(handler, extensionKey, (kept: object = {}) => ({
        ...kept,
        'x-latchkey-handler': at,
      })),
    ),
  ];
  try {
    for (const { set } of marks) set();
    return run();
  } finally {
    for (const { unset } of marks) unset();
  }
}

function changed<T>(target: object, key: string, change: (value?: T) => T): { set(): void; unset(): void } {
  const isOwn = Reflect.hasOwnMetadata(key, target);
  const before = Reflect.getMetadata(key, target) as T | undefined;
  return {
    set: () => Reflect.defineMetadata(key, change(before), target),
    unset() {
      if (isOwn) Reflect.defineMetadata(key, before, target);
      else Reflect.deleteMetadata(key, target);
    },
  };
}

/** Takes the marks off an operation. */
function takeMarks(
  operation: Marked,
): { readonly handler: number; readonly owner: string | undefined } | undefined {
  const { 'x-latchkey-handler': handler, security = [] } = operation;
  if (handler === undefined) return undefined;
  delete operation['x-latchkey-handler'];
  const owner = security.find((requirement) => ownerMark in requirement)?.[ownerMark]?.[0];
  if (owner !== undefined) {
    const declared = security.filter((requirement) => !(ownerMark in requirement));
    if (declared.length > 0) operation.security = declared;
    else delete operation.security;
  }
  return { handler, owner };
}

type Marked = Operation & { 'x-latchkey-handler'?: number };

interface WithWebhooks {
  readonly webhooks?: Readonly<Record<string, object>>;
}

// As `@ApiSecurity()` and `@ApiExtension()` of @nestjs/swagger define them.
const securityKey = 'swagger/apiSecurity';
const extensionKey = 'swagger/apiExtension';

const ownerMark = 'latchkey:owner';
