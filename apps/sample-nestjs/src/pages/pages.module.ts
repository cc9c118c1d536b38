import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ApiModule } from '../api/api.module.js';
import { AccountController } from './account.controller.js';
import { AssetsController } from './assets.controller.js';
import { DocsController } from './docs.controller.js';
import { DownloadsController } from './downloads.controller.js';
import { NotFoundFilter } from './not-found.filter.js';
import { PageFilter } from './page.filter.js';
import { Pages } from './pages.service.js';
import { SignInController } from './sign-in.controller.js';
import { SignOutController } from './sign-out.controller.js';

@Module({
  imports: [ApiModule],
  controllers: [
    AccountController,
    AssetsController,
    DocsController,
    DownloadsController,
    SignInController,
    SignOutController,
  ],
  providers: [Pages, PageFilter, { provide: APP_FILTER, useClass: NotFoundFilter }],
})
export class PagesModule {}
