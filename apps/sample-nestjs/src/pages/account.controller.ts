import { isLatchkeyError, type Session } from '@latchkey/core';
import { CurrentSession, Public } from '@latchkey/nestjs-auth';
import { Controller, Get, Query, Redirect, Render, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PageNumberPipe } from '../api/page-number.pipe.js';
import { DeparturesService } from '../departures/departures.service.js';
import { LicensesService } from '../licenses/licenses.service.js';
import { Log } from '../logging/log.js';
import { accountModel, departuresModel, licensesModel } from './account.model.js';
import { PageFilter } from './page.filter.js';
import { isProviderDown } from './provider-down.js';

@UseFilters(PageFilter)
@ApiExcludeController()
@Controller()
export class AccountController {
  constructor(
    private readonly licenses: LicensesService,
    private readonly departures: DeparturesService,
    private readonly log: Log,
  ) {}

  @Public()
  @Get()
  @Redirect('/account', 303)
  home(): void {
    // The decorator says where to.
  }

  @Get('account')
  @Render('account')
  async account(
    @CurrentSession() session: Session,
    @Query('page', new PageNumberPipe(1)) page: number,
  ): Promise<object> {
    return { ...accountModel(session), ...(await this.section(session, page)) };
  }

  /** What the account is good for. A provider that is down leaves the rest of the page as it is. */
  private async section(session: Session, page: number): Promise<object> {
    try {
      if (session.provider === 'cryptlex')
        return { licenses: licensesModel(await this.licenses.page(session, page), Date.now()) };
      return { departures: departuresModel(await this.departures.next(session)) };
    } catch (error) {
      if (!isLatchkeyError(error) || !isProviderDown(error.code)) throw error;
      this.log.warn(error, AccountController.name);
      return { isDown: true };
    }
  }
}
