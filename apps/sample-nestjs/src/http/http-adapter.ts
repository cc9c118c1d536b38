import type { ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Config } from '../config/config.js';
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

function fastify({ trustedProxies }: Config, views: Views): FastifyAdapter {
  const adapter = new FastifyAdapter({
    trustProxy: (_address, hop) => hop < trustedProxies,
    // What is refused before any middleware, such as an address that is none.
    frameworkErrors: (_error: unknown, _request: unknown, reply: RefusedReply) => {
      reply.code(400).headers(bare).send();
    },
  });
  // What `@Render()` calls.
  adapter.getInstance().decorateReply('view', function (this: Reply, view: string, model: object) {
    return this.type('text/html; charset=utf-8').send(views.render(view, model));
  });
  for (const { prefix, root } of assets) adapter.useStaticAssets({ root, prefix, decorateReply: false });
  return adapter;
}

interface RefusedReply {
  code(status: number): { headers(values: object): { send(): unknown } };
}

interface Reply {
  type(contentType: string): this;
  send(body: string): this;
}

/** As Fastify has it: assets are asked for again each time, and sent when they have changed. */
function setHeaders(response: ServerResponse): void {
  response.setHeader('Cache-Control', 'public, max-age=0');
}

const bare = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'",
  'X-Content-Type-Options': 'nosniff',
};

const assets = [
  { prefix: '/assets/', root: folder('../../public') },
  { prefix: '/assets/pico/', root: folder('.', import.meta.resolve('@picocss/pico/css/pico.jade.min.css')) },
  { prefix: '/assets/swagger-ui/', root: folder('.', import.meta.resolve('swagger-ui-dist/swagger-ui.css')) },
];

function folder(path: string, from = import.meta.url): string {
  return fileURLToPath(new URL(path, from));
}
