import type { Identity, Session, TokenSource } from '@latchkey/core';
import {
  AccessToken,
  CurrentSession,
  CurrentUser,
  OptionalAuth,
  Providers,
  Public,
  Realm,
  RequireAuth,
  RequireEntitlement,
} from '@latchkey/nestjs-auth';
import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';

/** Injects a token source whose password is wrong. */
export const SERVICE = 'SERVICE';

@Controller()
export class RoutesController {
  constructor(@Inject(SERVICE) private readonly service: TokenSource) {}

  @Public()
  @Get('open')
  open(): object {
    return { open: true };
  }

  @Get('me')
  me(@CurrentUser('email') email: string): object {
    return { email };
  }

  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser() user: Identity | null): object {
    return { user: user?.email ?? null };
  }

  @Get('token')
  token(@AccessToken() token: string): object {
    return { token };
  }

  @Get('session')
  session(@CurrentSession() session: Session | null): object {
    return { session: session?.provider ?? null };
  }

  @Post('change')
  @HttpCode(200)
  change(): object {
    return { changed: true };
  }

  @Providers('other')
  @Get('elsewhere')
  elsewhere(@CurrentUser('email') email: string): object {
    return { email };
  }

  @RequireEntitlement('active')
  @Get('entitled/active')
  active(@CurrentUser('email') email: string): object {
    return { email };
  }

  @RequireEntitlement('ended')
  @Get('entitled/ended')
  ended(): object {
    return {};
  }

  @RequireEntitlement('none')
  @Get('entitled/none')
  none(): object {
    return {};
  }

  @RequireEntitlement(({ name }) => name === 'Renderer')
  @Get('entitled/by-name')
  byName(@CurrentUser('email') email: string): object {
    return { email };
  }

  // The name of one that has ended.
  @RequireEntitlement(({ name }) => name === 'Modeller')
  @Get('entitled/by-other-name')
  byOtherName(): object {
    return {};
  }

  /** Fails with the credentials of the service. */
  @Get('report')
  async report(): Promise<object> {
    await this.service.getToken();
    return {};
  }

  /** Has the provider refuse the token of the user. */
  @Get('orders')
  async orders(@CurrentSession() { source }: Session): Promise<object> {
    await source.getToken({ rejected: await source.getToken() });
    return {};
  }
}

@Public()
@Controller('public')
export class PublicController {
  @Get('open')
  open(): object {
    return { open: true };
  }

  @RequireAuth()
  @Get('closed')
  closed(): object {
    return {};
  }
}

@RequireAuth()
@Controller('closed')
export class ClosedController {
  @Public()
  @Get('open')
  open(): object {
    return { open: true };
  }

  @Get('me')
  me(): object {
    return {};
  }
}

@Realm('staff')
@Controller('staff')
export class StaffController {
  @Get('me')
  me(@CurrentUser('email') email: string): object {
    return { email };
  }
}
