import { BadRequestException, type PipeTransform } from '@nestjs/common';

/**
 * Which page is asked for: the first where nobody says, 100 at most, since each costs reading all before it. For anything
 * else it is `otherwise`, or 400 without that.
 */
export class PageNumberPipe implements PipeTransform<unknown, number> {
  constructor(private readonly otherwise?: number) {}

  transform(value: unknown = '1'): number {
    if (typeof value === 'string' && /^(?:[1-9]\d?|100)$/.test(value)) return Number(value);
    if (this.otherwise !== undefined) return this.otherwise;
    throw new BadRequestException('The page must be a whole number from 1 to 100.');
  }
}
