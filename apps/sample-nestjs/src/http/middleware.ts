import type { IncomingMessage, ServerResponse } from 'node:http';

/** What both adapters run before anything else: on the request and the response of Node. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** One after the other, as one. */
export function inOrder(first: Middleware, second: Middleware): Middleware {
  return (request, response, next) => {
    first(request, response, (error) => {
      if (error === undefined) second(request, response, next);
      else next(error);
    });
  };
}
