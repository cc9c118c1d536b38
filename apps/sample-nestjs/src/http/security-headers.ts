import helmet from 'helmet';
import type { Config } from '../config/config.js';
import type { Middleware } from './middleware.js';

/** Middleware: nothing inline, nothing from elsewhere, and nothing kept that may be private. */
export function securityHeaders({ isSecure }: Config): Middleware {
  const setHeaders = helmet({
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
      },
    },
    strictTransportSecurity: isSecure && { maxAge: 365 * 86_400, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
    // With none at all browsers send `Origin: null`, by which old ones, that tell no `Sec-Fetch-Site`, are told from other sites.
    referrerPolicy: { policy: 'same-origin' },
  });
  return (request, response, next) => {
    // Assets say otherwise.
    response.setHeader('Cache-Control', 'no-store');
    setHeaders(request, response, next);
  };
}
