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
    this.emitter = this.providers().find(isEmitter);
  }

  readonly tell = (event: LatchkeyEvent): void => {
    this.emitter?.emit(`latchkey.${event.type}`, event);
  };

  // By the name of its class: the package that it comes from is not one of ours, and may not be installed.
  private providers(): unknown[] {
    return [...this.modules.values()].flatMap(({ providers }) =>
      [...providers.values()].filter(({ name }) => name === 'EventEmitter2').map(({ instance }) => instance as unknown),
    );
  }
}

function isEmitter(value: unknown): value is Emitter {
  return typeof value === 'object' && value !== null && 'emit' in value && typeof value.emit === 'function';
}
