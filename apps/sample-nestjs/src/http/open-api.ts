import { createAuthDocument } from '@latchkey/nestjs-auth/swagger';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/**
 * Serves the OpenAPI document at `/docs/openapi.json`. The page that shows it is one of ours, `pages/docs.controller.ts`: that of
 * `SwaggerModule` has inline styles, which the policy of this application lets no browser apply.
 */
export function serveDocument(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Latchkey sample')
    .setDescription('Who is signed in, and what their account at a provider is good for.')
    .setVersion('1')
    .build();
  SwaggerModule.setup('docs', app, () => createAuthDocument(app, config), {
    ui: false,
    raw: ['json'],
    jsonDocumentUrl: 'docs/openapi.json',
  });
}
