import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Config } from '../config/config.js';
import { securityHeaders } from './security-headers.js';
import { Views } from './views.js';

/** The adapter that the configuration names, with pages and assets: nothing else knows which one it is. */
export function createHttpAdapter(config: Config): ExpressAdapter | FastifyAdapter {
  const views = new Views(folder('../../views'));
  return config.httpAdapter === 'fastify' ? fastify(config, views) : express(config, views);
}

function express({ trustedProxies }: Config, views: Views): ExpressAdapter {
  const adapter = new ExpressAdapter();
  adapter.set('trust proxy', trustedProxies);
  adapter.disable('x-powered-by');
  adapter.engine('hbs', (file: string, model: object, done: (error: null, page: string) => void) => {
    done(null, views.render(basename(file, '.hbs'), model));
  });
  adapter.setBaseViewsDir(folder('../../views'));
  adapter.setViewEngine('hbs');
  for (const { prefix, root } of assets) adapter.useStaticAssets(root, { prefix, setHeaders });
  return adapter;
}

function fastify(config: Config, views: Views): FastifyAdapter {
  const secure = securityHeaders(config);
  const adapter = new FastifyAdapter({
    trustProxy: (_address, hop) => hop < config.trustedProxies,
    // An address that is none is refused before any middleware.
    frameworkErrors: (_error: unknown, request: Refused, reply: RefusedReply) => {
      secure(request.raw, reply.raw, () => reply.code(400).send());
    },
  });
  // What `@Render()` calls.
  adapter.getInstance().decorateReply('view', function (this: Reply, view: string, model: object) {
    return this.type('text/html; charset=utf-8').send(views.render(view, model));
  });
  for (const { prefix, root } of assets) adapter.useStaticAssets({ root, prefix, decorateReply: false });
  return adapter;
}

interface Refused {
  readonly raw: IncomingMessage;
}

interface RefusedReply {
  readonly raw: ServerResponse;
  code(status: number): { send(): unknown };
}

interface Reply {
  type(contentType: string): this;
  send(body: string): this;
}

/** As Fastify has it: assets are asked for again each time, and sent when they have changed. */
function setHeaders(response: ServerResponse): void {
  response.setHeader('Cache-Control', 'public, max-age=0');
}

const assets = [
  { prefix: '/assets/', root: folder('../../public') },
  { prefix: '/assets/pico/', root: folder('.', import.meta.resolve('@picocss/pico/css/pico.jade.min.css')) },
  { prefix: '/assets/swagger-ui/', root: folder('.', import.meta.resolve('swagger-ui-dist/swagger-ui.css')) },
];

function folder(path: string, from = import.meta.url): string {
  return fileURLToPath(new URL(path, from));
}
