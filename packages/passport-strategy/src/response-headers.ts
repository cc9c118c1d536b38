import type { ServerResponse } from 'node:http';
import type { Refusal } from './refusal.js';

/**
 * Sets what a refusal has to say in headers. Passport writes neither of them; it answers with the status of the first
 * strategy that failed, so that the first one's headers stay, as do those that the application set.
 */
export function showIn(request: object, { answer, setCookie }: Refusal): void {
  const response = openResponse(request);
  if (!response) return;
  for (const name of shownHeaders) {
    const value = answer.headers[name];
    if (value !== undefined && !response.hasHeader(name)) response.setHeader(name, value);
  }
  if (setCookie !== undefined) response.appendHeader('Set-Cookie', setCookie);
}

/** Takes the headers of a refusal out again, where they are still there. */
export function hideHeaders(request: object, { answer }: Refusal): void {
  const response = openResponse(request);
  if (!response) return;
  for (const name of shownHeaders) {
    if (response.hasHeader(name) && response.getHeader(name) === answer.headers[name]) {
      response.removeHeader(name);
    }
  }
}

/** Takes the cookie of a refusal out again, and leaves all others. */
export function hideCookie(request: object, { setCookie }: Refusal): void {
  const response = openResponse(request);
  if (!response || setCookie === undefined) return;
  const cookies = cookiesOf(response).filter((cookie) => cookie !== setCookie);
  if (cookies.length > 0) response.setHeader('Set-Cookie', cookies);
  else response.removeHeader('Set-Cookie');
}

/** The cookies that `response` sets so far. */
export function cookiesOf(response: ServerResponse): string[] {
  const value = response.getHeader('Set-Cookie') ?? [];
  return Array.isArray(value) ? value : [String(value)];
}

/** The response of a request, as Express links them, until its headers are sent. Fastify does not link them. */
export function openResponse(request: object): ServerResponse | undefined {
  const response = 'res' in request ? (request.res as Partial<ServerResponse> | null | undefined) : undefined;
  const usable = typeof response?.setHeader === 'function' && response.headersSent !== true;
  return usable ? (response as ServerResponse) : undefined;
}

const shownHeaders = ['Retry-After', 'WWW-Authenticate'] as const;
