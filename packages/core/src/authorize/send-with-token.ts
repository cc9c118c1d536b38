import type { Readable } from 'node:stream';
import { AuthorizedHandler } from './authorized-handler.js';
import { resignedHeaders } from './bearer-headers.js';
import { CallController } from './call-controller.js';
import { awaitedToken } from './source-calls.js';
import type { RenewableRequest } from './signed-request.js';

/**
 * Sends a request once there is a token for it. The caller holds a controller from the first, and can leave while it waits.
 *
 * @param request its options hold an `Authorization` that is to be replaced.
 */
export async function sendWithToken(request: Omit<RenewableRequest, 'token'>): Promise<void> {
  const { signer, options, handler } = request;
  const controller = new CallController(handler);
  try {
    controller.start({});
    if (controller.isOver()) return;
    // Undici listens to a body only once the request is dispatched; an error before that would end the process.
    const stopWatching = watched(options.body, (error) => controller.abort(error));
    const token = await awaitedToken(signer.source, controller).finally(stopWatching);
    if (controller.isOver()) return;
    const headers = resignedHeaders(options.headers, signer.authorization(token));
    const signed = { ...request, options: { ...options, headers }, token };
    signer.dispatch(signed.options, new AuthorizedHandler(signed, controller));
  } catch (error) {
    controller.fail(error);
  }
}

/** Listens for an error of a body that is a stream. Gives what ends it. */
function watched(body: unknown, onError: (error: Error) => void): () => void {
  if (!isStream(body)) return () => {};
  body.on('error', onError);
  return () => body.off('error', onError);
}

/** Whether undici sends `body` as a stream of Node. */
export function isStream(body: unknown): body is Readable {
  return body instanceof Object && 'pipe' in body && 'on' in body;
}
