import { createAuthDocument } from '@latchkey/nestjs-auth/swagger';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** The OpenAPI document at `/docs/openapi.json`, and a page to read it at `/docs`. */
export function serveDocs(app: INestApplication): void {
  const config = new DocumentBuilder().setTitle('Latchkey sample').setVersion('1').build();
  SwaggerModule.setup('docs', app, () => createAuthDocument(app, config), {
    jsonDocumentUrl: 'docs/openapi.json',
  });
}
