import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';

/** The handler that answers to an operation. */
export interface Route {
  readonly module: Module;
  readonly owner: Type;
  readonly handler: object;
  /** Of the handler, in its class. */
  readonly name: string;
}

/** What may be a handler, of every controller of an application. */
export function routesOf(modules: ModulesContainer): Route[] {
  return [...modules.values()].flatMap((module) =>
    [...module.controllers.values()].flatMap(({ instance, metatype }) => {
      const owner = metatype as Type | null;
      const prototype = Object.getPrototypeOf(instance) as Readonly<Record<string, object>>;
      if (!owner) return [];
      return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name];
        return handler ? [{ module, owner, handler, name }] : [];
      });
    }),
  );
}

type Module = ModulesContainer extends Map<string, infer Value> ? Value : never;
