import type { Dispatcher } from 'undici';
import { peekedToken } from './authorize/source-calls.js';
import { AuthorizedHandler } from './authorize/authorized-handler.js';
import { headerIn, openHeaders, signedHeaders, type SignedHeaders } from './authorize/bearer-headers.js';
import { CallController } from './authorize/call-controller.js';
import { destinationOf, type Destination } from './authorize/destination.js';
import { isStream, sendWithToken } from './authorize/send-with-token.js';
import type { SignedRequest, Signer } from './authorize/signed-request.js';
import { thrownOutside } from './authorize/thrown-outside.js';
import { AuthorizedWrappedHandler, wrappedHandlerClass } from './authorize/wrapped-handler.js';
import { createBearerHeader } from './bearer-header.js';
import { LatchkeyError } from './latchkey-error.js';
import { checkedOrigin } from './origin.js';
import { isResendable } from './resendable-body.js';
import { tokenSourceOf, type TokenSource, type TokenSourceHolder } from './token-source.js';

/**
 * An interceptor of undici that sends the tokens of a source with every request to its origin, and nowhere else:
 *
 * ```ts
 * const api = new Agent().compose(authorize(source));
 * const { body } = await api.request({ origin: source.origin, path: '/me', method: 'GET' });
 * ```
 *
 * Requests to other origins, and those that bring an `Authorization` header of their own, pass as they are. Nothing is sent
 * to the origin without a token: where none is to be had, the request fails with the error of the source. A 401 is answered
 * with one renewal, and with one resend where the body can be sent again (none, text, bytes, a form, a blob); a stream's
 * 401 is the answer, and the renewal is for the next request. A second 401 is the answer, too. Whoever waits for a token
 * can abort, which ends that wait alone.
 *
 * The place for it in `compose` is after `dns`, which hides where a request goes, and `cache`, which must see whose answers it
 * keeps; and before all that follows redirects, tries again, or turns answers into errors:
 * `compose(dns(), cache(), authorize(source), retry(), redirect())`. The token is as safe in any other order, but a redirect
 * that is followed inside may lose it, and a 401 that has become an error is not renewed.
 *
 * @param given a token source, or something that holds one, such as a session.
 * @throws LatchkeyError `invalid_config` for anything else, and for an origin that is not https, save on loopback. Requests
 *   fail with `invalid_config` where the interceptor cannot tell whether they go to the origin.
 */
export function authorize(given: TokenSource | TokenSourceHolder): Dispatcher.DispatcherComposeInterceptor {
  const source = tokenSourceOf(given);
  const origin = checkedOrigin(source.origin);
  const authorization = createBearerHeader();
  const Wrapped = wrappedHandlerClass();

  // Undici 8 tells interceptors, beside its types, which origin is the only one that a dispatcher connects to.
  return (dispatch, onlyOrigin?: string | null) => {
    const signer: Signer = { source, origin, dispatch, authorization };
    const isBoundElsewhere = typeof onlyOrigin === 'string' && onlyOrigin !== origin;

    return (options, givenHandler) => {
      const destination = destinationOf(options, origin);
      if (destination === 'elsewhere') return dispatch(options, givenHandler);
      const handler: Dispatcher.DispatchHandler =
        givenHandler.onRequestStart || !Wrapped ? givenHandler : new Wrapped(givenHandler);

      let headers, token, text;
      try {
        headers = openHeaders(options.headers);
        if (headerIn(headers, 'authorization') === undefined) {
          if (destination !== 'origin' || isBoundElsewhere) throw misplaced(destination, origin);
          token = peekedToken(source);
          text = token ? authorization(token) : 'to be replaced';
        }
      } catch (error) {
        new CallController(handler).fail(error);
        return true;
      }
      if (text === undefined) {
        // The caller's own. An iterable may have been used up by looking.
        return dispatch(headers === options.headers ? options : { ...options, headers }, givenHandler);
      }

      const signed = signedOptions(options, origin, signedHeaders(headers, text));
      // There are forms that are streams, too.
      const canResend = isResendable(options.body) && !isStream(options.body);
      if (!token) {
        sendWithToken({ signer, options: signed, handler, isResendable: canResend }).catch(thrownOutside);
        return true;
      }
      const request = { signer, options: signed, handler, isResendable: canResend, token };
      return dispatch(
        signed,
        Wrapped && handler instanceof Wrapped
          ? new AuthorizedWrappedHandler(request, handler)
          : new AuthorizedHandler(request, new CallController(handler)),
      );
    };
  };
}

function signedOptions(
  options: Dispatcher.DispatchOptions,
  origin: string,
  headers: SignedHeaders,
): SignedRequest['options'] {
  // What a spread has made is not added to: that takes Node 20 more than all the rest here.
  const signed = (
    'headers' in options ? { ...options } : { headers, ...options }
  ) as SignedRequest['options'];
  signed.headers = headers;
  // As text: the redirect interceptor takes an origin that is a URL object for another one.
  signed.origin = origin;
  return signed;
}

function misplaced(destination: Destination, origin: string): LatchkeyError {
  const message = {
    unknown: 'authorize() must know where a request goes: name its `origin`, or compose over an Agent.',
    rewritten: `The dns interceptor hides that a request goes to ${origin}: put authorize() after it in compose().`,
    origin: `This dispatcher connects to another place than ${origin}: compose authorize() over an Agent.`,
    elsewhere: undefined,
  }[destination];
  return new LatchkeyError('invalid_config', { message });
}
