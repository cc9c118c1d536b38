import { ShutdownSignal } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { readConfig } from './config/config.js';
import { createHttpAdapter } from './http/http-adapter.js';
import { inOrder } from './http/middleware.js';
import { serveDocument } from './http/open-api.js';
import { securityHeaders } from './http/security-headers.js';
import { Log } from './logging/log.js';
import { sampleAccounts } from './providers/demonstration.js';

async function bootstrap() {
  const config = readConfig(process.env);
  const log = new Log(config);
  const before = inOrder(log.requests, securityHeaders(config));
  const app = await NestFactory.create(AppModule.of(config, log), createHttpAdapter(config, before), {
    logger: log,
    abortOnError: false,
  });
  app.use(before);
  serveDocument(app);
  app.enableShutdownHooks([ShutdownSignal.SIGINT, ShutdownSignal.SIGTERM], { useProcessExit: true });
  try {
    await app.listen(config.port, config.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  if (config.isProduction) return;
  const accounts = config.isDemonstration ? `${sampleAccounts}\n\n` : '';
  process.stdout.write(
    `Open ${config.publicOrigin ?? (await app.getUrl())}\n\n${accounts}Stop it with Ctrl-C.\n`,
  );
}

try {
  await bootstrap();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
