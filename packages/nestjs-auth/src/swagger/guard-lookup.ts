import type { INestApplication } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AuthGuard } from '../auth.guard.js';
import { GuardTracer } from '../boot-check.service.js';
import type { Route } from './route.js';

/** Tells which handlers `AuthGuard` guards: all with the global guard, else those with `@UseGuards(AuthGuard)`. */
export function guardLookup(
  app: Pick<INestApplication, 'get'>,
): (route: Pick<Route, 'handler' | 'owner'>) => boolean {
  if (guardsAll(app)) return () => true;
  return ({ handler, owner }) =>
    [handler, owner]
      .flatMap((target) => (Reflect.getMetadata(guardsKey, target) ?? []) as readonly unknown[])
      .some(isAuthGuard);
}

function guardsAll(app: Pick<INestApplication, 'get'>): boolean {
  // That of the module by what comes with it: a test may have put something else in the place of the guard itself.
  const modules = [...app.get(ModulesContainer).values()];
  return (
    modules.some(({ providers }) => providers.has(GuardTracer)) ||
    app.get(ApplicationConfig, { strict: false }).getGlobalGuards().some(isAuthGuard)
  );
}

function isAuthGuard(guard: unknown): boolean {
  if (guard instanceof AuthGuard || guard === AuthGuard) return true;
  return typeof guard === 'function' && guard.prototype instanceof AuthGuard;
}

// As `@UseGuards()` of @nestjs/common defines it.
const guardsKey = '__guards__';
