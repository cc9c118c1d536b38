import type { Identity } from '@latchkey/core';
import { CurrentUser, RequireEntitlement } from '@latchkey/nestjs-auth';
import { Controller, Get, Header, Render, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { sampleProductId } from '../providers/demonstration.js';
import { PageFilter } from './page.filter.js';
import { visitor } from './pages.service.js';

// A decorator is applied before there is an application, so this is the one setting that is read here. An application of
// your own knows its product, and has the id in its code.
const { CRYPTLEX_PRODUCT_ID: configured = '' } = process.env;
const productId = configured === '' ? sampleProductId : configured;

/** For those alone who have an active licence of the product. */
@RequireEntitlement(productId)
@UseFilters(PageFilter)
@ApiExcludeController()
@Controller('downloads')
export class DownloadsController {
  @Get()
  @Render('downloads')
  page(@CurrentUser() user: Identity): object {
    return { visitor: visitor(user) };
  }

  @Get('release-notes.txt')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @Header('Content-Disposition', 'attachment')
  releaseNotes(): string {
    return 'Release 2.1\n\nRenders twice as fast.\n';
  }
}
