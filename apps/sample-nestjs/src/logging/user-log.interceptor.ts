import type { Identity } from '@latchkey/core';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { Log } from './log.js';

/** Has log lines tell who made the request, once the guard knows. */
@Injectable()
export class UserLogInterceptor implements NestInterceptor {
  constructor(private readonly log: Log) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<{ readonly user?: Identity | null }>();
    if (request.user) this.log.noteUser(request, request.user);
    return next.handle();
  }
}
