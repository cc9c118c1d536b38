import type { ServerResponse } from 'node:http';
import { answerOf } from './answer-of.js';
import { hideNotedHeaders } from './refusal-notes.js';
import { cookiesOf } from './response-headers.js';

/**
 * Answers a request that was not let in, with the status, headers and JSON body of `answerOf`: Passport alone answers with a
 * bare status. Does nothing where headers were sent already.
 *
 * @param response that of Express, or Node's own.
 * @param options.realm names the protected area in `WWW-Authenticate` where no strategy did. Default: `latchkey`.
 *
 * @example
 * app.post('/sign-in', (req, res, next) => {
 *   passport.authenticate('cryptlex', (error, user, info) => {
 *     if (error || !user) return answer(req, res, error ?? info);
 *     res.json({ user });
 *   })(req, res, next);
 * });
 */
export function answer(
  request: object,
  response: ServerResponse,
  failure: unknown,
  options: { readonly realm?: string | undefined } = {},
): void {
  if (response.headersSent) return;
  const { status, headers, body } = answerOf(request, failure, options);
  // Of several strategies that failed, another than the one that is answered for may have set its own.
  hideNotedHeaders(request);
  const { 'Set-Cookie': setCookie, ...others } = headers;
  for (const [name, value] of Object.entries(others)) response.setHeader(name, value);
  if (setCookie !== undefined && !cookiesOf(response).includes(setCookie)) {
    response.appendHeader('Set-Cookie', setCookie);
  }
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
