import { Public } from '@latchkey/nestjs-auth';
import { Controller, Get, Header, Render } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

// Swagger UI is a script, and asks for the document. It, too, needs nothing inline.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join(';');

/** Shows the OpenAPI document. */
@Public()
@ApiExcludeController()
@Controller('docs')
export class DocsController {
  @Get()
  @Header('Content-Security-Policy', policy)
  @Render('docs')
  page(): object {
    return {};
  }
}
