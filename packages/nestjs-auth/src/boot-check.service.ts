import { LatchkeyError } from '@latchkey/core';
import { Inject, Injectable, Logger, type CanActivate, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { accessRules } from './access.js';
import { hasAuthGuard } from './applied-guards.js';
import { settingsToken } from './latchkey.tokens.js';

/**
 * Warns at boot of handlers that Nest keeps the global guard from, and refuses two sets of providers of one name.
 *
 * Such handlers are those of a microservice that is connected to an HTTP application without `inheritAppConfig`, and before
 * Nest 12 those of gateways.
 */
@Injectable()
export class BootCheckService implements OnModuleInit {
  /** Registered as a global guard beside `AuthGuard`, it goes wherever that goes. */
  readonly tracer = new GuardTracer();
  private readonly logger = new Logger('Latchkey');
  private watched: { readonly target: RpcTarget; readonly before: number } | undefined;

  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(HttpAdapterHost) private readonly adapters: HttpAdapterHost,
  ) {
    modules.getRpcTargetRegistry<RpcTarget>().subscribe((target) => this.watch(target));
  }

  onModuleInit(): void {
    this.checkNames();
    if (!this.tracer.isGlobal || guardsGateways()) return;
    for (const name of this.unguardedGateways()) {
      this.logger.warn(
        `${name} is not guarded: Nest 11 applies no global guard to gateways. ` +
          'Put @UseGuards(AuthGuard) on it, or @Public() where everybody may use it.',
      );
    }
  }

  private checkNames(): void {
    const names = [...this.modules.values()].flatMap(({ providers }) =>
      [...providers.keys()].filter((token) => typeof token === 'string' && token.startsWith(settingsToken())),
    );
    const twice = names.find((token, at) => names.indexOf(token) !== at);
    if (twice === undefined) return;
    throw new LatchkeyError('invalid_config', {
      message: 'LatchkeyModule is there twice in this application: give all but one a `name` of their own.',
    });
  }

  /** Nest registers the handlers of a microservice that is connected at once, and for each of them looks at its guards. */
  private watch(target: RpcTarget): void {
    // Several may be connected in one go: what was looked at up to here was for the one before.
    this.settle();
    this.watched = { target, before: this.tracer.lookedAt };
    queueMicrotask(() => this.settle());
  }

  private settle(): void {
    const { watched } = this;
    this.watched = undefined;
    // Of a microservice by itself there is none.
    const { httpAdapter }: { readonly httpAdapter?: unknown } = this.adapters;
    if (!watched || !this.tracer.isGlobal || !httpAdapter) return;
    const hasHandlers = (watched.target.getHandlers?.().size ?? 0) > 0;
    if (!hasHandlers || this.tracer.lookedAt !== watched.before || !this.hasUnguardedMessages()) return;
    this.logger.warn(
      'A microservice is connected without inheritAppConfig, so that the global guard is not applied to its handlers. ' +
        'Use connectMicroservice(options, { inheritAppConfig: true }), or put @UseGuards(AuthGuard) on them.',
    );
  }

  private hasUnguardedMessages(): boolean {
    return [...this.modules.values()].some(({ controllers }) =>
      [...controllers.values()].some(
        ({ metatype }) =>
          typeof metatype === 'function' &&
          handlersOn(metatype.prototype as object, patternKey).some((handler) =>
            isUnguarded(handler, metatype),
          ),
      ),
    );
  }

  private unguardedGateways(): string[] {
    const gateways = [...this.modules.values()].flatMap(({ providers }) =>
      [...providers.values()].filter(
        ({ metatype }) => typeof metatype === 'function' && Reflect.hasMetadata(gatewayKey, metatype),
      ),
    );
    return gateways.flatMap(({ metatype, instance }) => {
      const isOpen = handlersOf(instance as object).some((handler) =>
        isUnguarded(handler, metatype as object),
      );
      return isOpen ? [(metatype as { name: string }).name] : [];
    });
  }
}

/** Lets everything pass, and tells how often Nest has looked at it to put together the guards of a handler. */
export class GuardTracer implements CanActivate {
  lookedAt = 0;
  isGlobal = false;

  get canActivate(): () => boolean {
    this.lookedAt += 1;
    return pass;
  }
}

const pass = () => true;

interface RpcTarget {
  getHandlers?(): ReadonlyMap<string, unknown>;
}

// As the decorators of @nestjs/websockets and @nestjs/microservices define them.
const gatewayKey = 'websockets:is_gateway';
const messageKey = 'websockets:message_mapping';
const patternKey = 'microservices:pattern';

function handlersOf(gateway: object): object[] {
  return handlersOn(Object.getPrototypeOf(gateway) as object | null, messageKey);
}

function handlersOn(prototype: object | null, key: string): object[] {
  if (!prototype || prototype === Object.prototype) return [];
  const own = Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(
    ({ value }: { readonly value?: unknown }) =>
      typeof value === 'function' && Reflect.hasMetadata(key, value) ? [value] : [],
  );
  return [...own, ...handlersOn(Object.getPrototypeOf(prototype) as object | null, key)];
}

function isUnguarded(handler: object, owner: object): boolean {
  return accessRules(handler, owner).access !== 'public' && !hasAuthGuard(handler, owner);
}

/** Whether it is Nest 12 or later, as what is new there tells: the version itself stands in no part of its API. */
function guardsGateways(): boolean {
  return 'setRouteConflictPolicy' in ApplicationConfig.prototype;
}
