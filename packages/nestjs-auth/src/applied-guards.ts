import { AuthGuard } from './auth.guard.js';

/** Whether `@UseGuards(AuthGuard)`, or a guard made of it, stands at one of these handlers and classes. */
export function hasAuthGuard(...targets: readonly object[]): boolean {
  return targets
    .flatMap((target) => (Reflect.getMetadata(guardsKey, target) ?? []) as readonly unknown[])
    .some(isAuthGuard);
}

export function isAuthGuard(guard: unknown): boolean {
  if (guard instanceof AuthGuard || guard === AuthGuard) return true;
  return typeof guard === 'function' && guard.prototype instanceof AuthGuard;
}

// As `@UseGuards()` of @nestjs/common defines it.
const guardsKey = '__guards__';
