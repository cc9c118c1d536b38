import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import type { Config } from '../config/config.js';

/** Middleware: nothing inline, nothing from elsewhere, and nothing kept that may be private. */
export function securityHeaders(config: Config): Middleware {
  const pages = headers(config, {});
  const docs = headers(config, { scriptSrc: ["'self'"], connectSrc: ["'self'"] });
  return (request, response, next) => {
    // Assets say otherwise.
    response.setHeader('Cache-Control', 'no-store');
    const isDocs = /^\/docs(?:[/?]|$)/.test(request.url ?? '');
    (isDocs ? docs : pages)(request, response, next);
  };
}

type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

function headers({ isSecure }: Config, more: Record<string, string[]>): Middleware {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        // Marks and arrows in the style sheet are `data:` images.
        imgSrc: ["'self'", 'data:'],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...(isSecure && { upgradeInsecureRequests: [] }),
        ...more,
      },
    },
    strictTransportSecurity: isSecure,
    xFrameOptions: { action: 'deny' },
    // With none at all browsers send `Origin: null`, by which old ones, that tell no `Sec-Fetch-Site`, are told from other sites.
    referrerPolicy: { policy: 'same-origin' },
  });
}
