import type { Identity, Session } from '@latchkey/core';
import { CurrentSession, CurrentUser, Providers } from '@latchkey/nestjs-auth';
import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Departure } from '../departures/departure.js';
import { DeparturesService } from '../departures/departures.service.js';
import { LicensePage } from '../licenses/license-page.js';
import { LicensesService } from '../licenses/licenses.service.js';
import { Me } from './me.js';
import { PageNumberPipe } from './page-number.pipe.js';

@ApiTags('account')
@ApiResponse({ status: '5XX', description: 'The provider does not answer.' })
@Controller('api')
export class ApiController {
  constructor(
    private readonly licenses: LicensesService,
    private readonly departures: DeparturesService,
  ) {}

  @Get('me')
  @ApiOperation({ summary: 'Who is signed in' })
  @ApiOkResponse({ type: Me })
  me(@CurrentUser() user: Identity): Me {
    return user;
  }

  @Get('licenses')
  @Providers('cryptlex')
  @ApiOperation({ summary: 'The licences of a user of Cryptlex' })
  @ApiQuery({
    name: 'page',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 100, default: 1 },
  })
  @ApiOkResponse({ type: LicensePage })
  licensePage(
    @CurrentSession() session: Session,
    @Query('page', new PageNumberPipe()) page: number,
  ): Promise<LicensePage> {
    return this.licenses.page(session, page);
  }

  @Get('departures')
  @Providers('lclx')
  @ApiOperation({ summary: 'The next departures on the routes of a user of LCLXchange' })
  @ApiOkResponse({ type: [Departure] })
  nextDepartures(@CurrentSession() session: Session): Promise<Departure[]> {
    return this.departures.next(session);
  }
}
