import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { pinoHttp, type HttpLogger } from 'pino-http';

/** Middleware that logs how each request ended: method, path and status, with what `notesOf` says of it. */
export function requestLog(logger: Logger, notesOf: (request: IncomingMessage) => object): HttpLogger {
  const summary = (request: IncomingMessage, { statusCode }: ServerResponse, { responseTime }: Timed) => {
    const [path] = (request.url ?? '').split('?');
    return {
      ...notesOf(request),
      method: request.method,
      path,
      status: statusCode,
      durationMs: responseTime,
    };
  };
  return pinoHttp({
    logger,
    quietResLogger: true,
    // What anybody logs with `request.log` has no headers in it: a cookie may be among them.
    serializers: { req: () => undefined },
    customLogLevel: (_, { statusCode }) => (statusCode >= 500 ? 'error' : 'info'),
    customSuccessObject: summary,
    customErrorObject: (request, response, _, timed: Timed) => summary(request, response, timed),
    customErrorMessage: () => 'request failed',
  });
}

interface Timed {
  readonly responseTime: number;
}
