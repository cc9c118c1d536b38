import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';

/** Between the guard and the handler: holds calls until `size` of them are there, so that what they share, they share now. */
export class Meeting implements NestInterceptor {
  private size = 1;
  private readonly waiting: (() => void)[] = [];

  /** The next `size` calls wait for each other. */
  expect(size: number): void {
    this.size = size;
  }

  async intercept(_context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await new Promise<void>((go) => {
      this.waiting.push(go);
      if (this.waiting.length < this.size) return;
      this.size = 1;
      for (const proceed of this.waiting.splice(0)) proceed();
    });
    return next.handle();
  }
}
