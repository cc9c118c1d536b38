import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Config } from '../config/config.js';
import type { Middleware } from './middleware.js';
import { Views } from './views.js';

/**
 * The adapter that the configuration names, with what makes it answer as the other one does: nothing else knows which it is.
 *
 * @param before what the application has run before anything else.
 */
export function createHttpAdapter(config: Config, before: Middleware): ExpressAdapter | FastifyAdapter {
  const views = new Views(viewsFolder);
  return config.httpAdapter === 'fastify' ? fastify(config, views, before) : express(config, views);
}

function express({ trustedProxies }: Config, views: Views): ExpressAdapter {
  const adapter = new ExpressAdapter();
  adapter.set('trust proxy', trustedProxies);
  adapter.set('case sensitive routing', true);
  adapter.disable('x-powered-by');
  adapter.engine('hbs', (file: string, model: object, done: (error: null, page: string) => void) => {
    done(null, views.render(basename(file, '.hbs'), model));
  });
  adapter.setBaseViewsDir(viewsFolder);
  adapter.setViewEngine('hbs');
  return adapter;
}

function fastify({ trustedProxies }: Config, views: Views, before: Middleware): FastifyAdapter {
  const adapter = new FastifyAdapter({
    trustProxy: (_address, hop) => hop < trustedProxies,
    routerOptions: { ignoreTrailingSlash: true },
    // An address that is none is refused before any middleware.
    frameworkErrors: (_error: unknown, request: Refused, reply: RefusedReply) => {
      before(request.raw, reply.raw, () => reply.code(400).send());
    },
  });
  // What `@Render()` calls.
  adapter.getInstance().decorateReply('view', function (this: Reply, view: string, model: object) {
    return this.type('text/html; charset=utf-8').send(views.render(view, model));
  });
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

const viewsFolder = fileURLToPath(new URL('../../views', import.meta.url));
