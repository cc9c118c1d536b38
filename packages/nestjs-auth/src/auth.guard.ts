import { isLatchkeyError, LatchkeyError } from '@latchkey/core';
import type { Caller, MaybePromise } from '@latchkey/core/http';
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
  /** By handler, of the class that was asked for last: a handler belongs to several only where they inherit it. */
  private readonly plans = new WeakMap<object, Plan>();

  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const plan = this.planFor(context.getClass(), context.getHandler());
    return plan.access === 'public' || admit(context, plan);
  }

  private planFor(owner: object, handler: object): Plan {
    const known = this.plans.get(handler);
    if (known?.owner === owner) return known;
    const rules = accessRules(handler, owner);
    const callers =
      rules.access === 'public'
        ? undefined
        : fromSet<CallerService>(this.moduleRef, callerServiceToken, rules.realm);
    const plan = { ...rules, owner, callers };
    this.plans.set(handler, plan);
    return plan;
  }
}

interface Plan extends AccessRules {
  readonly owner: object;
  readonly callers: CallerService | undefined;
}

interface Call {
  readonly context: ExecutionContext;
  readonly kind: CallContext;
  readonly carrier: object;
  readonly callers: CallerService;
  readonly plan: Plan;
}

/** Not async, since a guard that answers at once costs Nest less: of most requests it is known at once whom they come from. */
function admit(context: ExecutionContext, plan: Plan): MaybePromise<true> {
  const { callers } = plan;
  const kind = callContexts.get(context.getType<ContextType | 'graphql'>());
  const carrier = kind?.carrier(context);
  if (!kind || !carrier || !callers) {
    const message = `AuthGuard cannot tell whom a call of the type ${context.getType()} comes from, so it is refused.`;
    return Promise.reject(new LatchkeyError('not_signed_in', { message }));
  }
  const call: Call = { context, kind, carrier, callers, plan };
  try {
    const asked = callers.of(context, kind);
    const admitted = isPromise(asked) ? asked.then((caller) => enter(call, caller)) : enter(call, asked);
    return isPromise(admitted) ? admitted.catch((error: unknown) => refuse(call, error)) : admitted;
  } catch (error) {
    return refuse(call, error);
  }
}

function enter(call: Call, caller: Caller | undefined): MaybePromise<true> {
  note(call, caller);
  return check(caller, call.plan)?.then(() => true as const) ?? true;
}

async function refuse({ context, kind, callers }: Call, error: unknown): Promise<never> {
  if (!isLatchkeyError(error)) throw error;
  const request = kind.request(context) ?? withoutHeaders;
  throw await kind.exception(callers.settings.answer(error, request), error);
}

function note({ context, kind, carrier, callers, plan }: Call, caller: Caller | undefined): void {
  noteCaller(carrier, caller ?? null);
  noteRealm(carrier, plan.realm);
  if (!caller || !kind.keepsUser || !callers.isByRequest(context)) return;
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

function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as Partial<Promise<T>> | undefined)?.then === 'function';
}
