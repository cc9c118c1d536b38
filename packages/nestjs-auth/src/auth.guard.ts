import { isLatchkeyError, LatchkeyError } from '@latchkey/core';
import type { Caller } from '@latchkey/core/http';
import {
  Inject,
  Injectable,
  type CanActivate,
  type ContextType,
  type ExecutionContext,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { accessRules, type AccessRules, type EntitlementRule } from './access.js';
import { noteCaller, userOf } from './caller.js';
import { callerServiceToken, type CallerService } from './caller.service.js';
import type { CallContext } from './contexts/call-context.js';
import { callContexts } from './contexts/call-contexts.js';
import { noteRealm } from './realm.js';
import { fromSet } from './set-lookup.js';

/**
 * Lets calls through as decorators say: those of somebody who is signed in, unless they say otherwise.
 *
 * It guards everything by default; with `globalGuard: false`, what has `@UseGuards(AuthGuard)`. It sets `request.user`. A
 * caller who is refused gets the answer of core: in HTTP and GraphQL as an `AuthException`, else as a `WsException` or an
 * `RpcException`. In contexts of other types only what is public can be called.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  /** By class and handler: a handler may belong to several classes, by inheritance. */
  private readonly plans = new WeakMap<object, WeakMap<object, Plan>>();

  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const plan = this.planFor(context.getClass(), context.getHandler());
    return plan.access === 'public' || admit(context, plan);
  }

  private planFor(owner: object, handler: object): Plan {
    let plans = this.plans.get(owner);
    if (!plans) this.plans.set(owner, (plans = new WeakMap()));
    let plan = plans.get(handler);
    if (!plan) {
      const rules = accessRules(handler, owner);
      plan = {
        ...rules,
        callers:
          rules.access === 'public'
            ? undefined
            : fromSet<CallerService>(this.moduleRef, callerServiceToken, rules.realm),
      };
      plans.set(handler, plan);
    }
    return plan;
  }
}

interface Plan extends AccessRules {
  readonly callers: CallerService | undefined;
}

async function admit(context: ExecutionContext, plan: Plan): Promise<boolean> {
  const { callers } = plan;
  const kind = callContexts.get(context.getType<ContextType | 'graphql'>());
  const carrier = kind?.carrier(context);
  if (!kind || !carrier || !callers) {
    throw new LatchkeyError('not_signed_in', {
      message: `AuthGuard cannot tell whom a call of the type ${context.getType()} comes from, so it is refused.`,
    });
  }
  try {
    const asked = callers.of(context, kind);
    const caller = asked && (await asked);
    note(context, kind, carrier, caller);
    noteRealm(carrier, plan.realm);
    const checking = check(caller, plan);
    if (checking) await checking;
    return true;
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    const request = kind.request(context) ?? withoutHeaders;
    throw await kind.exception(callers.settings.answer(error, request), error);
  }
}

function note(
  context: ExecutionContext,
  kind: CallContext,
  carrier: object,
  caller: Caller | undefined,
): void {
  noteCaller(carrier, caller ?? null);
  if (!caller) return;
  const request = kind.request(context) as { user?: unknown } | undefined;
  // Where other guards, interceptors and loggers of Nest look for it.
  if (request) request.user = userOf(caller);
}

function check(
  caller: Caller | undefined,
  { access, providers, entitlement }: Plan,
): undefined | Promise<void> {
  if (!caller) {
    // To be nobody must not open what is closed to somebody.
    if (access === 'optional' && providers === undefined && entitlement === undefined) return undefined;
    throw new LatchkeyError('not_signed_in', { actor: 'user' });
  }
  const { provider } = caller.identity;
  if (providers && !providers.includes(provider)) {
    throw new LatchkeyError('provider_not_allowed', { provider, actor: 'user' });
  }
  return entitlement === undefined ? undefined : checkEntitlement(caller, entitlement);
}

async function checkEntitlement(caller: Caller, rule: EntitlementRule): Promise<void> {
  const held = await caller.entitlements(typeof rule === 'string' ? { id: rule } : {});
  const isEntitled = held.some(
    (one) => one.active && (typeof rule === 'string' ? one.id === rule : rule(one)),
  );
  const { provider } = caller.identity;
  if (!isEntitled) throw new LatchkeyError('entitlement_required', { provider, actor: 'user' });
}

const withoutHeaders = { headers: {} };
