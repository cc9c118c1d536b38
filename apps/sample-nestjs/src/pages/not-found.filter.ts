import { Catch, Injectable, NotFoundException, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { PageFilter } from './page.filter.js';

/** Shows a page to browsers that ask for one that is not there. Everybody else gets the answer of Nest. */
@Catch(NotFoundException)
@Injectable()
export class NotFoundFilter extends BaseExceptionFilter {
  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly page: PageFilter,
  ) {
    super(httpAdapter);
  }

  override catch(error: NotFoundException, host: ArgumentsHost): void {
    const { headers } = host.switchToHttp().getRequest<{ headers: { accept?: string } }>();
    if (headers.accept?.includes('text/html')) this.page.catch(error, host);
    else super.catch(error, host);
  }
}
