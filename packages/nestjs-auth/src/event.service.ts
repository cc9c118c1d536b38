import type { LatchkeyEvent } from '@latchkey/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

interface Emitter {
  emit(name: string, event: LatchkeyEvent): unknown;
}

/** Tells the event emitter of Nest, where the application has one, what happens: as `latchkey.sign-in` and the like. */
@Injectable()
export class EventService implements OnModuleInit {
  private emitter: Emitter | undefined;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  onModuleInit(): void {
    this.emitter = this.providersOfEventEmitterModule().find(isEmitter);
  }

  readonly tell = (event: LatchkeyEvent): void => {
    this.emitter?.emit(`latchkey.${event.type}`, event);
  };

  // By the names of module and methods: the package that they come from may not be installed.
  private providersOfEventEmitterModule(): unknown[] {
    return [...this.modules.values()]
      .filter(({ metatype }) => metatype.name === 'EventEmitterModule')
      .flatMap(({ providers }) => [...providers.values()].map(({ instance }): unknown => instance));
  }
}

function isEmitter(value: unknown): value is Emitter {
  return hasMethod(value, 'emit') && hasMethod(value, 'emitAsync');
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}
