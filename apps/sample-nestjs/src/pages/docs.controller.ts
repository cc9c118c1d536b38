import { Public } from '@latchkey/nestjs-auth';
import { Controller, Get, Render } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

/** Shows the OpenAPI document with Swagger UI. */
@Public()
@ApiExcludeController()
@Controller('docs')
export class DocsController {
  @Get()
  @Render('docs')
  page(): object {
    return {};
  }
}
