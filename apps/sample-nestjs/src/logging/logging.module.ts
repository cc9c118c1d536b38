import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Log } from './log.js';
import { UserLogInterceptor } from './user-log.interceptor.js';

/** Lets everything inject the `Log`. */
@Global()
@Module({ providers: [{ provide: APP_INTERCEPTOR, useClass: UserLogInterceptor }] })
export class LoggingModule {
  static of(log: Log): DynamicModule {
    return { module: LoggingModule, providers: [{ provide: Log, useValue: log }], exports: [Log] };
  }
}
