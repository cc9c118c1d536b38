import type { Provider as SignInProvider, Sessions } from '@latchkey/core';
import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import { createAuthController } from './auth.controller.js';
import { AuthGuard } from './auth.guard.js';
import { BootCheckService, GuardTracer } from './boot-check.service.js';
import { CallerService, callerServiceToken } from './caller.service.js';
import { EventService } from './event.service.js';
import { HandshakeService } from './handshake.service.js';
import { LatchkeyExceptionFilter } from './latchkey-exception.filter.js';
import type { LatchkeyModuleExtras, LatchkeyModuleOptions } from './latchkey.options.js';
import { latchkeySettings, type LatchkeySettings } from './latchkey.settings.js';
import { LATCHKEY_EXTRAS, sessionsToken, settingsToken } from './latchkey.tokens.js';
import { ShutdownService } from './shutdown.service.js';
import { SignInService, signInServiceToken } from './sign-in.service.js';

const noExtras: LatchkeyModuleExtras = {
  isGlobal: undefined,
  globalGuard: undefined,
  controller: undefined,
  path: undefined,
  name: undefined,
};

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<LatchkeyModuleOptions>({
    optionsInjectionToken: 'LATCHKEY_OPTIONS',
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createLatchkeyOptions')
    .setExtras(noExtras, withExtras)
    .build();

/** What `forRootAsync` takes: `useFactory`, `useClass` or `useExisting`, and beside it the extras. */
export type LatchkeyModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  LatchkeyModuleOptions,
  'createLatchkeyOptions'
> &
  LatchkeyModuleExtras;

/** Injects the options as they were given: to put others in their place, in a test. */
export const LATCHKEY_OPTIONS = MODULE_OPTIONS_TOKEN;

/**
 * Signs users in with the accounts that they have at providers, and guards what only they may call.
 *
 * A second set of providers in one application takes a `name`.
 *
 * Options are checked at boot, and everything that is wrong with them is one `invalid_config`.
 *
 * @example
 * @Module({ imports: [LatchkeyModule.forRoot({ providers: [cryptlex({ accountAlias: 'acme' })] })] })
 * export class AppModule {}
 */
@Module({})
export class LatchkeyModule extends ConfigurableModuleClass {
  static override forRoot<const P extends readonly SignInProvider[]>(
    options: LatchkeyModuleOptions<P> & LatchkeyModuleExtras,
  ): DynamicModule {
    return super.forRoot({ ...options } as never);
  }

  static override forRootAsync(options: LatchkeyModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }
}

/** Adds to the module what its options are made into. */
function withExtras(definition: DynamicModule, given: LatchkeyModuleExtras): DynamicModule {
  // `forRoot` hands over its options, too.
  const extras: LatchkeyModuleExtras = Object.fromEntries(
    Object.keys(noExtras).map((key) => [key, given[key as keyof LatchkeyModuleExtras]]),
  );
  const { name, isGlobal = true, globalGuard = name === undefined, controller = true } = extras;
  const { path = name === undefined ? 'auth' : `auth/${name}` } = extras;
  const settings = settingsToken(name);
  return {
    ...definition,
    global: isGlobal,
    controllers: controller ? [createAuthController(path, name)] : [],
    providers: [
      ...(definition.providers ?? []),
      ...settingsProviders(extras, settings),
      ...(globalGuard ? globalGuardProviders : []),
      BootCheckService,
      AuthGuard,
      LatchkeyExceptionFilter,
      { provide: APP_FILTER, useExisting: LatchkeyExceptionFilter },
    ],
    exports: [
      settings,
      sessionsToken(name),
      signInServiceToken(name),
      callerServiceToken(name),
      ...(name === undefined ? [AuthGuard, LatchkeyExceptionFilter] : []),
    ],
  };
}

function settingsProviders(extras: LatchkeyModuleExtras, settings: string): Provider[] {
  const { name } = extras;
  return [
    EventService,
    { provide: LATCHKEY_EXTRAS, useValue: extras },
    {
      provide: settings,
      inject: [LATCHKEY_OPTIONS, LATCHKEY_EXTRAS, EventService],
      useFactory: (options: unknown, extras: LatchkeyModuleExtras, { tell }: EventService) =>
        latchkeySettings(options, extras, tell),
    },
    {
      provide: sessionsToken(name),
      inject: [settings],
      useFactory: ({ sessions }: LatchkeySettings) => sessions,
    },
    {
      provide: callerServiceToken(name),
      inject: [settings, sessionsToken(name)],
      useFactory: (settings: LatchkeySettings, sessions: Sessions) => new CallerService(settings, sessions),
    },
    {
      provide: signInServiceToken(name),
      inject: [settings, sessionsToken(name), HttpAdapterHost],
      useFactory: (settings: LatchkeySettings, sessions: Sessions, adapters: HttpAdapterHost) =>
        new SignInService(settings, sessions, adapters),
    },
    {
      provide: ShutdownService,
      inject: [settings, HttpAdapterHost],
      useFactory: (settings: LatchkeySettings, adapters: HttpAdapterHost) =>
        new ShutdownService(settings, adapters),
    },
    HandshakeService,
  ];
}

const globalGuardProviders: Provider[] = [
  // By `useExisting`, so that a test can override the guard.
  { provide: APP_GUARD, useExisting: AuthGuard },
  {
    provide: GuardTracer,
    inject: [BootCheckService],
    useFactory: ({ tracer }: BootCheckService) => Object.assign(tracer, { isGlobal: true }),
  },
  { provide: APP_GUARD, useExisting: GuardTracer },
];
