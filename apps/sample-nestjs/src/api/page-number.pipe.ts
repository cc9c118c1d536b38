import { Injectable, type PipeTransform } from '@nestjs/common';

/** Which page is asked for: the first, unless it is a number up to 1,000. */
@Injectable()
export class PageNumberPipe implements PipeTransform<unknown, number> {
  transform(value: unknown): number {
    const number = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 1;
    return Math.min(Math.max(number, 1), 1_000);
  }
}
