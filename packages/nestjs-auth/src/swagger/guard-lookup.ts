import type { INestApplication } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { hasAuthGuard, isAuthGuard } from '../applied-guards.js';
import { GuardTracer } from '../boot-check.service.js';
import type { Route } from './route.js';

/** Tells which handlers `AuthGuard` guards: all with the global guard, else those with `@UseGuards(AuthGuard)`. */
export function guardLookup(
  app: Pick<INestApplication, 'get'>,
): (route: Pick<Route, 'handler' | 'owner'>) => boolean {
  if (guardsAll(app)) return () => true;
  return ({ handler, owner }) => hasAuthGuard(handler, owner);
}

function guardsAll(app: Pick<INestApplication, 'get'>): boolean {
  // That of the module by what comes with it: a test may have put something else in the place of the guard itself.
  const modules = [...app.get(ModulesContainer).values()];
  return (
    modules.some(({ providers }) => providers.has(GuardTracer)) ||
    app.get(ApplicationConfig, { strict: false }).getGlobalGuards().some(isAuthGuard)
  );
}
